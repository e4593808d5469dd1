export const USAGE = `separate PATH... [options]     songs, and folders of songs

Writes the stems of each song into a folder named after it. Those of a single song lie in DIR itself,
unless DIR has stems of another song.
  --out DIR         folder for the stems (default: ./SONG, ./FOLDER-stems, or ./stems for several)
  --watch           goes on, and takes each song that appears in the folders
  --model NAME      --stems vocals,drums     --formats flac,mp3,wav
  --overlap 0.25    --shifts 0
  --track 2         audio track of a film or a recording with several, counted from 1
  --priority low    yields to songs that somebody waits for; --watch always does
  --at-once 2       songs on their way at the same time
  --settle 10       seconds that a song must stay the same before --watch takes it
  --poll 5          seconds between two looks of --watch
  --json            prints one JSON object a line
  --server URL      default http://127.0.0.1:3000 (or SEPARATION_SERVER)
  --version         --help
  SEPARATION_KEY may hold an access key, WATCH_OPTIONS more options for --watch.

Songs whose stems are there already are skipped. Ctrl-C cancels what is being separated.
Exit codes: 0 all is written, 1 a song failed, 2 wrong arguments or --out, 3 the server does not answer or
rejects the key, 130 Ctrl-C, 143 SIGTERM.`;
