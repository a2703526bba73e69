"""What the API takes and gives, with its limits."""

from __future__ import annotations

import base64
import functools
import math
import re
import uuid
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers

from recognizer import services
from recognizer.data_urls import png_url
from recognizer.models import Drawing, TrainedModel

_DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)


_QUOTED_KEY = re.compile(r'"([ !#-\[\]-~]{1,255})"')
_BARE_KEY = re.compile(r"[!#-+\--:<-\[\]-~]{1,255}")


def read_idempotency_key(header: str | None) -> str | None:
    """Return the key of an `Idempotency-Key` header.

    The draft of the IETF wants a quoted string; many clients send it bare.
    """
    if header is None:
        return None
    if quoted := _QUOTED_KEY.fullmatch(header.strip()):
        return quoted[1]
    if bare := _BARE_KEY.fullmatch(header.strip()):
        return bare[0]
    raise serializers.ValidationError(
        {
            "Idempotency-Key": "A key is one string of 1 to 255 printable ASCII characters, best a "
            'random UUID in quotes: "8e03978e-40d5-43dd-bc93-6894a57f9324".'
        }
    )


class PictureField(serializers.Field[bytes, Any, Any, Any]):
    """An encoded picture: an uploaded file, base64, or a data: address."""

    default_error_messages = {
        "wrong_type": "An image is a file, or a string of base64 or a data: address.",
        "not_base64": "This is not base64, nor a data: address in base64.",
        "empty": "The image is empty.",
    }

    def to_internal_value(self, data: Any) -> bytes:
        """Return the bytes of the file."""
        if isinstance(data, UploadedFile):
            # One byte more than is allowed tells that there is too much.
            picture = bytes(data.read(services.MAX_IMAGE_BYTES + 1))
        elif isinstance(data, str):
            picture = self._decode(data.strip())
        else:
            self.fail("wrong_type")
        if not picture:
            self.fail("empty")
        return picture

    def to_representation(self, value: Any) -> Any:
        """Pictures go out by their own address, never in a field."""
        raise NotImplementedError

    def _decode(self, text: str) -> bytes:
        prefix = _DATA_URL.match(text)
        try:
            return base64.b64decode(text[prefix.end() :] if prefix else text, validate=True)
        except ValueError:
            self.fail("not_base64")


class RawField(serializers.Field[Any, Any, Any, Any]):
    """Decoded JSON that the recognizer checks itself."""

    def to_internal_value(self, data: Any) -> Any:
        """Pass it on."""
        return data

    def to_representation(self, value: Any) -> Any:
        """Pass it on."""
        return value


class PositiveFloatField(serializers.FloatField):
    """A finite number over 0."""

    default_error_messages = {"not_positive": "This must be a finite number over 0."}

    def to_internal_value(self, data: Any) -> float:
        """Refuse NaN, which passes every comparison, with the rest."""
        number = super().to_internal_value(data)
        if not 0 < number <= 1e6 or math.isnan(number):
            self.fail("not_positive")
        return number


class RandomIdField(serializers.UUIDField):
    """An id that a caller chose at random, so that it is nobody else's.

    The ids of imported drawings follow from their content (version 5); nobody can take those.
    """

    default_error_messages = {"not_random": "An id is a random UUID, of version 4."}

    def to_internal_value(self, data: Any) -> uuid.UUID:
        """Refuse other kinds of UUIDs."""
        value: uuid.UUID = super().to_internal_value(data)
        if value.version != 4:
            self.fail("not_random")
        return value


class DrawingInput(serializers.Serializer[Any]):
    """A drawing to be read and kept."""

    image = PictureField(required=False, allow_null=True)
    strokes = RawField(required=False, allow_null=True)
    pixels = RawField(required=False, allow_null=True)
    pen_width = PositiveFloatField(required=False, allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        [Drawing.Source.CANVAS, Drawing.Source.UPLOAD, Drawing.Source.API],
        required=False,
        error_messages={"invalid_choice": "The source is canvas, upload or api."},
    )
    id = RandomIdField(required=False, allow_null=True)
    replaces = serializers.UUIDField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of image, strokes and pixels; strokes may accompany an image."""
        attrs = {name: value for name, value in attrs.items() if value is not None}
        given = [name for name in ("image", "strokes", "pixels") if name in attrs]
        if not given:
            raise serializers.ValidationError(
                {"image": "Send a drawing: an image, strokes or pixels."}
            )
        if "pixels" in given and len(given) > 1:
            raise serializers.ValidationError(
                {"pixels": "Send pixels alone, without an image or strokes."}
            )
        return attrs


class PredictInput(serializers.Serializer[Any]):
    """The original contract: one picture."""

    image = PictureField()


class BatchInput(serializers.Serializer[Any]):
    """Many drawings to be read at once, all of one form."""

    images = serializers.ListField(
        child=PictureField(), required=False, allow_empty=False, max_length=services.MAX_BATCH
    )
    # What a form calls its files; it may repeat the name.
    image = serializers.ListField(
        child=PictureField(), required=False, allow_empty=False, max_length=services.MAX_BATCH
    )
    strokes = serializers.ListField(
        child=RawField(), required=False, allow_empty=False, max_length=services.MAX_BATCH
    )
    pixels = serializers.ListField(
        child=RawField(), required=False, allow_empty=False, max_length=services.MAX_BATCH
    )
    file = serializers.FileField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one list, or a file."""
        if len(attrs) != 1:
            raise serializers.ValidationError(
                {"images": "Send one list: images, strokes or pixels; or a file of digits."}
            )
        return attrs


class FeedbackInput(serializers.Serializer[Any]):
    """Whether the answer was right, or which digit it was; a label of null withdraws."""

    correct = serializers.BooleanField(required=False, allow_null=True)
    label = serializers.IntegerField(  # type: ignore[assignment]
        required=False,
        allow_null=True,
        min_value=0,
        max_value=9,
        error_messages={
            "invalid": "A label is a digit from 0 to 9, or null.",
            "min_value": "A label is a digit from 0 to 9, or null.",
            "max_value": "A label is a digit from 0 to 9, or null.",
        },
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Bring both forms to a label; the prediction comes with the context."""
        prediction = self.context["prediction"]
        correct = attrs.get("correct")
        if "label" not in attrs:
            if correct is None:
                raise serializers.ValidationError(
                    {"label": "Say {“correct”: true}, or which digit it was: {“label”: 3}."}
                )
            if not correct:
                raise serializers.ValidationError(
                    {"label": "Say which digit it was: {“label”: 3}."}
                )
            return {"label": prediction}
        label = attrs["label"]
        if correct is not None and correct != (label == prediction):
            raise serializers.ValidationError(
                {"correct": f"This contradicts the label: the prediction was {prediction}."}
            )
        return {"label": label}


class DrawingSerializer(serializers.ModelSerializer[Drawing]):
    """A drawing as the API shows it."""

    model = serializers.IntegerField(source="model_id", read_only=True)
    canonical = serializers.SerializerMethodField()
    correct = serializers.BooleanField(read_only=True, allow_null=True)

    class Meta:
        """Nothing of who drew or reviewed it."""

        model = Drawing
        fields = [
            "id",
            "created_at",
            "source",
            "prediction",
            "is_digit",
            "confidence",
            "probabilities",
            "model",
            "canonical",
            "label",
            "correct",
            "review",
        ]
        read_only_fields = fields

    def to_representation(self, instance: Drawing) -> Any:
        """Fill the fields of one serializer each time: to build them takes far longer."""
        return super(DrawingSerializer, _drawing_serializer()).to_representation(instance)

    def get_canonical(self, drawing: Drawing) -> str:
        """Return the 28x28 digit as a data: address, white ink on black."""
        return png_url(services.canonical_png(drawing))


@functools.cache
def _drawing_serializer() -> DrawingSerializer:
    return DrawingSerializer()


class ExplanationSerializer(serializers.Serializer[services.Explanation]):
    """Where the model looked, as the API shows it."""

    prediction = serializers.IntegerField()
    confidence = serializers.FloatField()
    model = serializers.IntegerField()
    map = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))


class ModelSerializer(serializers.ModelSerializer[TrainedModel]):
    """A version as the API shows it."""

    parent = serializers.IntegerField(source="parent_id", read_only=True, allow_null=True)  # type: ignore[assignment]

    class Meta:
        """Everything but where the file lies."""

        model = TrainedModel
        fields = [
            "version",
            "created_at",
            "origin",
            "active",
            "parent",
            "sha256",
            "size_bytes",
            "sklearn_version",
            "numpy_version",
            "python_version",
            "scipy_version",
            "pillow_version",
            "training_seconds",
            "parameters",
            "data",
            "metrics",
            "gate",
            "pruned_at",
        ]
        read_only_fields = fields
