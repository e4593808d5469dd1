{{/*
Replaces `auto` in the settings of a GPU pool. docs/sizing.md has the formulas, and where their figures come from:
- a core for each engine, and 22 ms of CPU time for each second of song
- 3 s for each song of 240 s, in which it is fetched, decoded, encoded and stored
*/}}
{{- define "separation.sizeHost" -}}
{{- $songSeconds := mul .gpus .realTimeFactor -}}
{{- if eq (toString .resources.requests.cpu) "auto" }}
{{- $_ := set .resources.requests "cpu" (printf "%dm" (add (mul .gpus 1000) (mul $songSeconds 22))) -}}
{{- end }}
{{- if eq (toString .prefetch) "auto" }}
{{- $_ := set . "prefetch" (min 64 (div (add $songSeconds 79) 80)) -}}
{{- end }}
{{- end }}
