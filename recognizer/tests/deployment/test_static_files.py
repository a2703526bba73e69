"""What `collectstatic` makes of the files that are served as they are."""

from __future__ import annotations

from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
from django.core.files.base import ContentFile

from digitsite.storage import BEST, GOOD, LARGE_BYTES, HashedModulesStorage

LINES = b"".join(b"line %d of a script\n" % number for number in range(LARGE_BYTES // 10))


@pytest.mark.parametrize(
    ("content", "quality"), [(LINES[:LARGE_BYTES], BEST), (LINES[: LARGE_BYTES + 1], GOOD)]
)
def test_what_is_large_is_packed_quickly(tmp_path: Path, content: bytes, quality: int) -> None:
    storage = HashedModulesStorage(location=tmp_path)
    (tmp_path / "script.js").write_bytes(content)
    packed = {name for _, name in storage.compress_files(["script.js"])}
    assert packed == {"script.js.br", "script.js.gz"}
    served = (tmp_path / "script.js.br").read_bytes()
    assert served == brotli.compress(content, quality=quality)
    assert served != brotli.compress(content, quality=BEST + GOOD - quality)
    assert brotli.decompress(served) == content


def test_modules_of_ours_import_hashed_names_and_scripts_of_libraries_stay(tmp_path: Path) -> None:
    storage = HashedModulesStorage(location=tmp_path)
    script = b'import { a } from "./other.js";\n'
    names = [f"{folder}/{name}.js" for folder in ("js", "admin") for name in ("page", "other")]
    for name in names:
        storage._save(name, ContentFile(script if "page" in name else b"export const a = 1;\n"))
    storage.manifest_strict = False
    hashed = {
        old: new
        for old, new, _ in storage.post_process({n: (storage, n) for n in names})
        if old in names
    }
    other = Path(hashed["js/other.js"]).name
    assert (tmp_path / hashed["js/page.js"]).read_text() == f'import {{ a }} from "./{other}";\n'
    assert (tmp_path / hashed["admin/page.js"]).read_bytes() == script
