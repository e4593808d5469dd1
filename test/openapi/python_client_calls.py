"""Calls the service through the client that openapi-python-client generated: URL, key and id as arguments."""

import io
import sys

from generated import AuthenticatedClient
from generated.api.media import get_mix, get_stem
from generated.api.separations import create_separation, get_separation, list_separations
from generated.models import CreateSeparationBody, GetMixFormat, GetStemFormat
from generated.types import File

url, key, separation_id, song = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)

page = list_separations.sync(client=client, limit=100)
assert separation_id in [separation.id for separation in page.separations]
separation = get_separation.sync(separation_id, client=client)
assert separation.links.mix.mp3 == f"/v1/separations/{separation_id}/mix.mp3"
stem = get_stem.sync(separation_id, "vocals", GetStemFormat.FLAC, client=client)
assert stem.payload.read(4) == b"fLaC"
mix = get_mix.sync(separation_id, GetMixFormat.WAV, client=client, levels="vocals:1")
assert mix.payload.read(4) == b"RIFF"
with open(song, "rb") as bytes_of_song:
    upload = CreateSeparationBody(file=File(payload=io.BytesIO(bytes_of_song.read()), file_name="song.mp3"))
created = create_separation.sync_detailed(client=client, body=upload)
assert created.status_code == 202, created
assert created.headers["location"] == created.parsed.links.self_
