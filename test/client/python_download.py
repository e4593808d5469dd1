"""Downloads a stem through the Python client, and reads an error: server and file as arguments."""

import sys

from music_separation import ApiError, Client

server, file = sys.argv[1:]
client = Client(server)
client.download("sep_0", "drums", file)
try:
    client.status("sep_0")
except ApiError as error:
    assert error.code == "rate_limited", error.code
    assert error.allowed == ("a", "b"), error.allowed
    assert error.retry_after_seconds == 3, error.retry_after_seconds
    assert error.is_retryable
else:
    raise AssertionError("no error")
