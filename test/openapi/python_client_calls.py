"""The life of a song through the client that openapi-python-client generated: URL and song as arguments."""

import io
import sys
import time
from pathlib import Path

from generated import Client
from generated.api.media import get_mix, get_stem
from generated.api.separations import (
    create_separation,
    delete_separation,
    get_separation,
    list_separations,
)
from generated.models import CreateSeparationBody, GetMixFormat, GetStemFormat
from generated.types import File

DEADLINE_SECONDS = 120

url, song = sys.argv[1:]
client = Client(base_url=url, raise_on_unexpected_status=True)

upload = CreateSeparationBody(file=File(payload=io.BytesIO(Path(song).read_bytes()), file_name="song.wav"))
created = create_separation.sync_detailed(client=client, body=upload)
assert created.status_code == 202, created
assert created.headers["location"] == created.parsed.links.self_
separation_id = created.parsed.id
deadline = time.monotonic() + DEADLINE_SECONDS
while (separation := get_separation.sync(separation_id, client=client)).status != "completed":
    assert separation.status in ("queued", "processing"), separation
    assert time.monotonic() < deadline, separation
    time.sleep(0.2)
page = list_separations.sync(client=client, limit=100)
assert separation_id in [one.id for one in page.separations]
assert separation.links.mix.mp3 == f"/v1/separations/{separation_id}/mix.mp3"
stem = get_stem.sync(separation_id, "vocals", GetStemFormat.FLAC, client=client)
assert stem.payload.read(4) == b"fLaC"
mix = get_mix.sync(separation_id, GetMixFormat.WAV, client=client, levels="vocals:1")
assert mix.payload.read(4) == b"RIFF"
assert delete_separation.sync_detailed(separation_id, client=client).status_code == 204
assert get_separation.sync_detailed(separation_id, client=client).status_code == 404
