"""The life of a song through the Python client: server, song and folder as arguments."""

import sys
from pathlib import Path

from music_separation import ApiError, Client, Options

server, song, folder = sys.argv[1:]
client = Client(server)
sent: list[int] = []
options = Options(stems=["drums"], priority="low")
begun = client.upload(song, options, on_progress=lambda done, _: sent.append(done))
assert sent[-1] == Path(song).stat().st_size
states = [state["status"] for state in client.events(begun["id"])]
assert states[-1] == "completed", states
separation = client.separate(song, options)
assert separation["id"] == begun["id"]
assert separation["stems"] == ["drums"]
assert client.status(begun["id"])["receipt"]["id"] == begun["id"]
assert begun["id"] in [one["id"] for one in client.list(status="completed", limit=100)["separations"]]
size = client.download(begun["id"], "drums", Path(folder, "drums.flac"))
assert Path(folder, "drums.flac").read_bytes()[:4] == b"fLaC"
assert size == separation["receipt"]["stems"][0]["bytes"]
assert "demo" in [model["name"] for model in client.models()]
for call, code in ((client.cancel, "already_finished"), (client.delete, ""), (client.status, "separation_not_found")):
    try:
        call(begun["id"])
        found = ""
    except ApiError as error:
        found = error.code
    assert found == code, (call, found)
