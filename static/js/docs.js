// The page of the API: Swagger UI with the site's own description; its requests are those of the visitor.

const { schemaUrl, csrfToken } = document.getElementById("operations").dataset;

globalThis.SwaggerUIBundle({
  url: schemaUrl,
  dom_id: "#operations",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  // By default it asks a server on the internet whether the description is valid.
  validatorUrl: null,
  requestInterceptor: (request) => {
    request.headers["X-CSRFToken"] = csrfToken;
    return request;
  },
});
