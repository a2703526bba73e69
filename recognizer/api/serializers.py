"""What the API takes and answers: fields, limits and examples."""

from __future__ import annotations

import binascii
import functools
import json
import math
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.utils.serializer_helpers import BindingDict

from recognizer.models import NO_DIGIT, Drawing, TrainedModel
from recognizer.services.drawings import explaining, exports, lessons, recognition, reviews
from recognizer.services.drawings.predictions import MAX_BATCH
from recognizer.wording import NONE, name_answer, png_url

Serializer = TypeVar("Serializer", bound=type[serializers.BaseSerializer[Any]])

# Requests and answers as they really were.
EXAMPLES: dict[str, Any] = json.loads((Path(__file__).parent / "examples.json").read_bytes())

WHAT_IT_WAS = "which digit it was: {“label”: 3}, or that it is none: {“label”: “none”}."

_PIXEL = {"type": "number", "minimum": 0, "maximum": 255}
_COORDINATE = {"type": "number", "minimum": -1e6, "maximum": 1e6}
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
MOST_BASE64 = 11_250_000
"""Longest picture in JSON, 8 MB: to read and decode the text takes half as long as the picture."""
_PLAIN_ALPHABET = bytes.maketrans(b"-_", b"+/")


def _shown_by(example: Any) -> Callable[[Serializer], Serializer]:
    """Give a serializer's answers an example in the API's description."""
    return extend_schema_serializer(examples=[OpenApiExample("example", value=example)])


@extend_schema_field(
    {
        "type": "string",
        "minLength": 1,
        "description": "A PNG, JPEG, WebP, GIF or BMP picture, as a data: address or in base64, "
        "plain or URL-safe, with or without line breaks, of at most 8 MB; larger ones as a file.",
    }
)
class PictureField(serializers.Field[bytes, Any, Any, Any]):
    """An encoded picture: an uploaded file, base64, or a data: address."""

    default_error_messages = {
        "wrong_type": "An image is a file, or a string of base64 or a data: address.",
        "not_base64": "This is not base64, nor a data: address in base64.",
        "empty": "The image is empty.",
        "too_long": "In JSON an image has at most 8 MB; send this one as a file, in a form.",
    }

    def to_internal_value(self, data: Any) -> bytes:
        if isinstance(data, UploadedFile):
            # One byte more than allowed is enough to refuse the file.
            picture = bytes(data.read(recognition.MAX_IMAGE_BYTES + 1))
        elif isinstance(data, str):
            if len(data) > MOST_BASE64:
                self.fail("too_long")
            picture = self._decode(data.strip())
        else:
            self.fail("wrong_type")
        if not picture:
            self.fail("empty")
        return picture

    def to_representation(self, value: Any) -> Any:
        """Refuse: pictures have their own address and are never a field of an answer."""
        raise NotImplementedError

    def _decode(self, text: str) -> bytes:
        prefix = _DATA_URL.match(text)
        try:
            code = (text[prefix.end() :] if prefix else text).encode("ascii")
            code = code.translate(_PLAIN_ALPHABET, b" \t\r\n")
            if len(code) % 4:
                code += b"=" * (-len(code) % 4)
            return binascii.a2b_base64(code, strict_mode=True)
        except ValueError:
            self.fail("not_base64")


class RawField(serializers.Field[Any, Any, Any, Any]):
    """Decoded JSON that the service checks."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(
    {
        "type": "array",
        "minItems": 1,
        "maxItems": 200,
        "items": {
            "type": "array",
            "items": {
                "type": "array",
                "minItems": 2,
                "maxItems": 4,
                "prefixItems": [
                    _COORDINATE,
                    _COORDINATE,
                    {**_PIXEL, "maximum": 1},
                    {**_PIXEL, "maximum": 86_400_000},
                ],
            },
        },
        "description": "A list of strokes, each a list of points `[x, y]`, `[x, y, pressure]` or "
        "`[x, y, pressure, ms]`, x to the right, y downward, in any unit, pressure from 0 to 1 "
        "(0.5 where it is unknown), ms the time since the first point; at most 20,000 points in "
        "all.",
    }
)
class StrokesField(RawField):
    """Strokes of a pen, as decoded JSON."""


@extend_schema_field(
    {
        "oneOf": [
            {"type": "array", "minItems": 784, "maxItems": 784, "items": _PIXEL},
            {"type": "array", "minItems": 1, "items": {"type": "array", "items": _PIXEL}},
        ],
        "description": "784 numbers one after the other, or rows of equal length: all from 0 to "
        "255, from 0 to 16, or from 0 to 1.",
    }
)
class PixelsField(RawField):
    """A small picture, as decoded JSON."""


@extend_schema_field(
    {
        "type": "array",
        "minItems": 4,
        "maxItems": 4,
        "items": {"type": "number", "minimum": 0},
        "description": "Left, top, right and bottom in pixels of the image as it is seen, upright: "
        "only this part is read. In a form, four numbers with commas between them.",
    }
)
class BoxField(serializers.Field[tuple[float, ...], Any, Any, Any]):
    """A box on a picture, as a list or, in a form, as text."""

    default_error_messages = {"invalid": "A box is four numbers: [left, top, right, bottom]."}

    def to_internal_value(self, data: Any) -> tuple[float, ...]:
        if isinstance(data, str) and len(data) < 200:
            try:
                data = [float(part) for part in data.strip().strip("[]").split(",")]
            except ValueError:
                self.fail("invalid")
        if not isinstance(data, list) or len(data) != 4 or not set(map(type, data)) <= {int, float}:
            self.fail("invalid")
        return tuple(data)

    def to_representation(self, value: Any) -> Any:
        return value


class PositiveFloatField(serializers.FloatField):
    """A finite number over 0."""

    default_error_messages = {"not_positive": "This must be a finite number over 0."}

    def to_internal_value(self, data: Any) -> float:
        """Refuse NaN too, for which `number > 0` is false as well as `number <= 0`."""
        number = super().to_internal_value(data)
        if not 0 < number <= 1e6 or math.isnan(number):
            self.fail("not_positive")
        return number


class TruthField(serializers.BooleanField):
    """JSON's true or false, not one of the words that Django REST framework accepts."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 0, "maximum": 9},
            {"type": "string", "enum": [NONE]},
        ],
        "description": "A digit; none, where it is not a digit; null, while that is not known.",
    }
)
class LabelField(serializers.Field[int, Any, Any, Any]):
    """What a drawing really is: a digit, or none, which the database stores as 10."""

    default_error_messages = {"invalid": "A label is a digit from 0 to 9, “none”, or null."}

    def to_internal_value(self, data: Any) -> int:
        if data == NONE:
            return NO_DIGIT
        if type(data) is not int or not 0 <= data <= 9:
            self.fail("invalid")
        return data

    def to_representation(self, value: int) -> int | str:
        return name_answer(value)


class RandomIdField(serializers.UUIDField):
    """An id that a caller chose at random, so that no other caller has it.

    The ids of imported drawings follow from their content (version 5) and cannot be taken.
    """

    default_error_messages = {"not_random": "An id is a random UUID, of version 4."}

    def to_internal_value(self, data: Any) -> uuid.UUID:
        value: uuid.UUID = super().to_internal_value(data)
        if value.version != 4:
            self.fail("not_random")
        return value


class SharedFields(serializers.Serializer[Any]):
    """Shares one set of fields among all instances: to build them takes longer than to use them.

    The fields belong to a serializer of their own, so they cannot use the context of a request.
    """

    @property
    def fields(self) -> BindingDict:
        return _fields_of(type(self))


@functools.cache
def _fields_of(kind: type[SharedFields]) -> BindingDict:
    return super(SharedFields, kind()).fields


class Alternatives(serializers.Serializer[Any]):
    """A body that requires one of several fields."""

    alternatives: tuple[str, ...]


class DrawingInput(SharedFields, Alternatives):
    """The request to read and keep a drawing."""

    alternatives = ("image", "strokes", "pixels")

    image = PictureField(required=False, allow_null=True)
    strokes = StrokesField(required=False, allow_null=True)
    pixels = PixelsField(required=False, allow_null=True)
    box = BoxField(required=False, allow_null=True)
    pen_width = PositiveFloatField(required=False, allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        [Drawing.Source.CANVAS, Drawing.Source.UPLOAD, Drawing.Source.API],
        required=False,
        error_messages={"invalid_choice": "The source is canvas, upload or api."},
    )
    id = RandomIdField(required=False, allow_null=True)
    personal = TruthField(
        required=False,
        allow_null=True,
        help_text="Whether `personal` is answered: what your own earlier answers make of it. By "
        "default for browsers, not for API keys.",
    )

    license = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=200,
        help_text="Your consent that the drawing is published: the license that the site names. "
        "By default it is not.",
    )

    def validate_license(self, value: str | None) -> str | None:
        """Refuse a license that the site does not name: no one has agreed to another one."""
        license = settings.DATASET_LICENSE
        if value is None or (license and value == license.text):
            return value
        raise serializers.ValidationError(
            f"This site publishes drawings under {license.text}; send that, or no license."
            if license
            else "This site publishes no drawings; leave out the license."
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require one of image, strokes and pixels; strokes may accompany an image."""
        attrs = {name: value for name, value in attrs.items() if value is not None}
        given = [name for name in self.alternatives if name in attrs]
        if not given:
            raise serializers.ValidationError(
                {"image": "Send a drawing: an image, strokes or pixels."}
            )
        if "pixels" in given and len(given) > 1:
            raise serializers.ValidationError(
                {"pixels": "Send pixels alone, without an image or strokes."}
            )
        if "box" in attrs and "image" not in given:
            raise serializers.ValidationError({"box": "A box goes with an image."})
        return attrs


class PredictInput(serializers.Serializer[Any]):
    """The request of the original contract."""

    image = PictureField()


def _up_to_a_batch(child: serializers.Field[Any, Any, Any, Any]) -> serializers.ListField:
    return serializers.ListField(
        child=child, required=False, allow_empty=False, max_length=MAX_BATCH
    )


# Only forms send these two.
@extend_schema_serializer(exclude_fields=["image", "file"])
class BatchInput(SharedFields, Alternatives):
    """The request to read many drawings, all of one kind."""

    alternatives = ("images", "strokes", "pixels")

    images = _up_to_a_batch(PictureField())
    # The name of a form's pictures, which it may repeat.
    image = _up_to_a_batch(PictureField())
    strokes = _up_to_a_batch(StrokesField())
    pixels = _up_to_a_batch(PixelsField())
    file = serializers.FileField(required=False)

    def validate_strokes(self, drawings: list[Any]) -> list[Any]:
        """Tell strokes of one drawing, which lack a list around them, from a list of drawings."""
        match drawings[0]:
            case [[int() | float(), *_], *_]:
                raise serializers.ValidationError(
                    "Send a list of drawings; one alone is put into a list: [[[[x, y], …], …]]."
                )
        return drawings

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require exactly one list, or a file."""
        if len(attrs) != 1:
            raise serializers.ValidationError(
                {"images": "Send one list: images, strokes or pixels; or a file of digits."}
            )
        return attrs


class FeedbackInput(Alternatives):
    """Whether the answer was right, or what it was; a label of null withdraws."""

    alternatives = ("correct", "label")

    correct = TruthField(required=False, allow_null=True)
    label = LabelField(required=False, allow_null=True)  # type: ignore[assignment]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Turn both forms into a label; the context holds the answer."""
        answer = self.context["answer"]
        correct = attrs.get("correct")
        if "label" not in attrs:
            if correct is None:
                raise serializers.ValidationError(
                    {"label": f"Say {{“correct”: true}}, or {WHAT_IT_WAS}"}
                )
            if not correct:
                raise serializers.ValidationError({"label": f"Say {WHAT_IT_WAS}"})
            return {"label": answer}
        label = attrs["label"]
        if correct is not None and correct != (label == answer):
            raise serializers.ValidationError(
                {"correct": f"This contradicts the label: the answer was {name_answer(answer)}."}
            )
        return {"label": label}


class ReviewInput(serializers.Serializer[Any]):
    """A reviewer's decision, and the label that it is about."""

    review = serializers.ChoiceField(
        Drawing.Review.values,
        error_messages={"invalid_choice": "A review is approved, rejected or unreviewed."},
    )
    label = LabelField(  # type: ignore[assignment]
        required=False, help_text="With approved: what it really is. Without: the label it has."
    )
    seal = serializers.CharField(
        required=False,
        max_length=40,
        help_text="As the queue told it: decide only while label and ink are as they were.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require an approval with a label: what a reviewer says it is counts as approved."""
        if "label" in attrs and attrs["review"] != Drawing.Review.APPROVED:
            raise serializers.ValidationError(
                {"label": "Send a label with {“review”: “approved”} alone."}
            )
        return attrs


class PredictionSerializer(serializers.Serializer[Any]):
    """An answer."""

    prediction = serializers.IntegerField(min_value=0, max_value=9)
    is_digit = serializers.BooleanField()
    confidence = serializers.FloatField(min_value=0, max_value=1)
    strangeness = serializers.FloatField(
        min_value=0, max_value=1, help_text="How likely it is no digit."
    )
    probabilities = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1), min_length=10, max_length=10
    )


class PersonalSerializer(PredictionSerializer):
    """The answer that the caller's own earlier answers make of a drawing, at once."""

    share = serializers.FloatField(
        min_value=0, max_value=1, help_text="How much the memory counted beside the model."
    )
    remembered = serializers.IntegerField(
        min_value=1, help_text="How many of the caller's drawings it remembers."
    )
    drawings = serializers.ListField(
        child=serializers.UUIDField(), help_text="Those that decided, nearest first."
    )


class DecorationSerializer(serializers.Serializer[Any]):
    """A part of a drawing that is not part of the digit."""

    kind = serializers.ChoiceField(["underline", "full stop", "circle", "box"])
    box = serializers.ListField(
        child=serializers.FloatField(),
        min_length=4,
        max_length=4,
        help_text="Left, top, right and bottom: of strokes in their unit, of a picture in its "
        "pixels, as it is seen, upright.",
    )
    strokes = serializers.ListField(
        child=serializers.IntegerField(min_value=0),
        help_text="Which of the sent strokes, counted from 0 without empty ones; none of a "
        "picture.",
    )


OF_THE_ANSWER = ("personal", "found", "set_aside")
"""Fields that stand in the answer to a drawing alone, as they are not stored."""


@_shown_by(EXAMPLES["drawing"])
class DrawingSerializer(SharedFields, serializers.ModelSerializer[Drawing]):
    """A drawing as the API shows it."""

    probabilities = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1),
        min_length=10,
        max_length=10,
        read_only=True,
        help_text="How likely it is each digit, 0 to 9, if it is one.",
    )
    model = serializers.IntegerField(
        source="model_id", read_only=True, help_text="The version that read it."
    )
    canonical = serializers.SerializerMethodField(
        help_text="What was read: 28x28 pixels as a data: address, white ink on black."
    )
    label = LabelField(read_only=True, allow_null=True)  # type: ignore[assignment]
    personal = PersonalSerializer(
        read_only=True,
        allow_null=True,
        help_text="In the answer to a drawing or a feedback alone: the answer with the caller's "
        "own earlier answers. What is stored and counted is the model's.",
    )
    found = BoxField(
        read_only=True,
        allow_null=True,
        help_text="In the answer to an image alone: the box around what was taken for ink, left, "
        "top, right and bottom in pixels of the image as it is seen, upright.",
    )
    license = serializers.SerializerMethodField(
        help_text="The license under which its author lets it be published; null: not at all."
    )
    set_aside = DecorationSerializer(
        many=True,
        read_only=True,
        allow_null=True,
        help_text="In the answer to a drawing alone: what decorates the digit and was not read.",
    )
    correct = serializers.BooleanField(
        read_only=True,
        allow_null=True,
        help_text="Whether the answer is the label: the prediction, or none, if it is no digit.",
    )

    class Meta:
        # Who drew or reviewed it stays private.
        model = Drawing
        fields = [
            "id",
            "created_at",
            "source",
            "prediction",
            "is_digit",
            "confidence",
            "strangeness",
            "probabilities",
            "model",
            "canonical",
            "label",
            "correct",
            "review",
            "license",
            *OF_THE_ANSWER,
        ]
        read_only_fields = fields

    def to_representation(self, drawing: Drawing) -> dict[str, Any]:
        """Write what the fields say; to ask each of them takes three times as long."""
        own, mixed, aside = self.fields, drawing.personal, drawing.set_aside
        return {
            **self.write_stored(drawing),
            "personal": None if mixed is None else own["personal"].to_representation(mixed),
            "found": drawing.found,
            "set_aside": None if aside is None else own["set_aside"].to_representation(aside),
        }

    def write_stored(self, drawing: Drawing) -> dict[str, Any]:
        return {
            "id": str(drawing.pk),
            "created_at": self.fields["created_at"].to_representation(drawing.created_at),
            "source": str(drawing.source),
            "prediction": drawing.prediction,
            "is_digit": drawing.is_digit,
            "confidence": drawing.confidence,
            "strangeness": drawing.strangeness,
            "probabilities": [float(share) for share in drawing.probabilities],
            "model": drawing.model_id,
            "canonical": self.get_canonical(drawing),
            "label": None if drawing.label is None else name_answer(drawing.label),
            "correct": drawing.correct,
            "review": str(drawing.review),
            "license": self.get_license(drawing),
        }

    def get_canonical(self, drawing: Drawing) -> str:
        return png_url(recognition.canonical_png(drawing))

    def get_license(self, drawing: Drawing) -> str | None:
        return drawing.license or None


class SuspicionSerializer(serializers.Serializer[Drawing]):
    """What the label check reads instead of the label."""

    label = LabelField(source="suspected_digit")  # type: ignore[assignment]
    share = serializers.FloatField(
        source="suspected_share", min_value=0, max_value=1, help_text="How sure the check is."
    )


@_shown_by(EXAMPLES["review"])
class ReviewSerializer(DrawingSerializer):
    """A drawing as the review queue shows it."""

    personal = found = set_aside = None  # type: ignore[assignment]
    suspicion = serializers.SerializerMethodField(
        help_text="What the label check reads instead of the label; null, where it agrees."
    )
    seal = serializers.SerializerMethodField(help_text="Stands for its label and its ink.")

    class Meta(DrawingSerializer.Meta):
        stored = [name for name in DrawingSerializer.Meta.fields if name not in OF_THE_ANSWER]
        fields = [*stored, "suspicion", "seal"]
        read_only_fields = fields

    def to_representation(self, drawing: Drawing) -> dict[str, Any]:
        suspicion, seal = self.get_suspicion(drawing), self.get_seal(drawing)
        return {**self.write_stored(drawing), "suspicion": suspicion, "seal": seal}

    @extend_schema_field(SuspicionSerializer(allow_null=True))
    def get_suspicion(self, drawing: Drawing) -> Any:
        is_marked = drawing.suspicious_at is not None
        return SuspicionSerializer(drawing).data if is_marked else None

    def get_seal(self, drawing: Drawing) -> str:
        return reviews.seal(drawing.label, bytes(drawing.canonical))


@_shown_by(EXAMPLES["strokes_file"][0])
class FileItemSerializer(serializers.ModelSerializer[Drawing]):
    """A drawing in an exported file."""

    model = serializers.IntegerField()
    strokes = StrokesField(allow_null=True)
    label = LabelField(allow_null=True)  # type: ignore[assignment]
    canonical = serializers.CharField(
        help_text="The 28x28 pixels that were read, row by row, in base64."
    )
    image = serializers.CharField(help_text="The drawing as drawn: a PNG in base64.")
    writer = serializers.CharField(
        allow_null=True,
        help_text="The same for one person's drawings in this file, another in the next.",
    )
    license = serializers.CharField(allow_null=True, help_text="As in the drawing.")

    class Meta:
        model = Drawing
        fields = exports.FILE_FIELDS
        read_only_fields = fields


@_shown_by(EXAMPLES["batch"])
class BatchAnswer(serializers.Serializer[Any]):
    """The answers to many drawings, in their order."""

    model = serializers.IntegerField(help_text="The version that read them.")
    predictions = PredictionSerializer(many=True)
    notices = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="What was assumed about a file; missing where nothing was.",
    )


@_shown_by(EXAMPLES["predict"])
class PredictAnswer(serializers.Serializer[Any]):
    """The answer of the original contract: the digit as text."""

    predictedValue = serializers.ChoiceField([str(digit) for digit in range(10)])


@_shown_by({"deleted": 3})
class DeletedAnswer(serializers.Serializer[Any]):
    """How many drawings were deleted."""

    deleted = serializers.IntegerField(min_value=0)


@_shown_by({"model": 2, "learned": 569, "own": 54, "misread": 8, "mended": 3})
class GainAnswer(serializers.Serializer[Any]):
    """What the active version learned, and from whom."""

    model = serializers.IntegerField(help_text="The version.")
    learned = serializers.IntegerField(min_value=0, help_text="The answers it learned from.")
    own = serializers.IntegerField(
        min_value=0, allow_null=True, help_text="Those of the caller; null if that was not noted."
    )
    misread = serializers.IntegerField(
        min_value=0,
        max_value=lessons.MOST_READ,
        help_text="The caller's latest drawings whose answer was not their label.",
    )
    mended = serializers.IntegerField(
        min_value=0, help_text="Those of them that it now reads as their label says."
    )


@_shown_by({"forgotten": 4})
class ForgottenAnswer(serializers.Serializer[Any]):
    """How many drawings no longer change the caller's readings."""

    forgotten = serializers.IntegerField(min_value=0)


@_shown_by({"withdrawn": 12})
class WithdrawnAnswer(serializers.Serializer[Any]):
    """How many drawings may no longer be published."""

    withdrawn = serializers.IntegerField(min_value=0)


class CountsSerializer(serializers.Serializer[Any]):
    """How many drawings have a label, and how many were read correctly."""

    labeled = serializers.IntegerField(min_value=0, help_text="Drawings with a label.")
    correct = serializers.IntegerField(min_value=0, help_text="Those whose answer is the label.")
    accuracy = serializers.FloatField(
        min_value=0, max_value=1, allow_null=True, help_text="Their share; null without labels."
    )


class AnswerCountsSerializer(CountsSerializer):
    """The counts of one answer."""

    predicted = serializers.IntegerField(min_value=0, help_text="Drawings that were read so.")


class DigitCountsSerializer(AnswerCountsSerializer):
    """The counts of one digit."""

    digit = serializers.IntegerField(min_value=0, max_value=9)


@_shown_by(EXAMPLES["stats"])
class StatsAnswer(CountsSerializer):
    """The counts of all drawings but imported ones, and of each digit."""

    model = serializers.IntegerField(allow_null=True, help_text="The version that answers.")
    drawings = serializers.IntegerField(min_value=0)
    digits = DigitCountsSerializer(many=True)
    none = AnswerCountsSerializer(help_text="What is no digit.")
    month = CountsSerializer(help_text="What people answered for since this month began, in UTC.")


def _nested(number: serializers.Field[Any, Any, Any, Any], depth: int, help_text: str) -> Any:
    """Make a field of lists of numbers, in lists if that is deeper."""
    for _ in range(depth - 1):
        number = serializers.ListField(child=number)
    return serializers.ListField(child=number, help_text=help_text)


@_shown_by(EXAMPLES["explanation"])
class ExplanationSerializer(serializers.Serializer[explaining.Explanation]):
    """What happens inside the model. The example has one row, map, unit or place of each."""

    prediction = serializers.IntegerField()
    confidence = serializers.FloatField()
    model = serializers.IntegerField()
    digit = _nested(serializers.IntegerField(), 2, "28 rows of 28 pixels, ink 255 on 0.")
    edges = _nested(
        serializers.FloatField(),
        3,
        "Eight maps of 9 rows of 9, 0 to about 2: where ink grows to the right, to the right and "
        "down, and so on clockwise.",
    )
    units = _nested(serializers.FloatField(), 1, "How strongly each hidden unit responds, from 0.")
    votes = _nested(
        serializers.FloatField(),
        2,
        "For each unit, what a response of 1 adds to the score of 0 to 9 and of none.",
    )
    answers = _nested(serializers.FloatField(), 1, "How likely each digit is, and that it is none.")
    covered = _nested(
        serializers.FloatField(),
        3,
        "14 rows of 14 such lists: the answers while 7x7 pixels around row and column 1, 3, 5, ... "
        "27 are covered.",
    )


@_shown_by(EXAMPLES["models"]["results"][0])
class ModelSerializer(serializers.ModelSerializer[TrainedModel]):
    """A version as the API shows it."""

    parent = serializers.IntegerField(source="parent_id", read_only=True, allow_null=True)  # type: ignore[assignment]

    class Meta:
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
