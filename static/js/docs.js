// The page of the API: Swagger UI over our own description, acting as the visitor.

const { schemaUrl, csrfToken } = document.getElementById("operations").dataset;

globalThis.SwaggerUIBundle({
  url: schemaUrl,
  dom_id: "#operations",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // It would ask another server whether the description is right.
  validatorUrl: null,
  requestInterceptor: (request) => {
    request.headers["X-CSRFToken"] = csrfToken;
    return request;
  },
});
