{{/*
Replaces `auto` in the settings of a GPU pool. docs/sizing.md has the formulas, and where their figures come from:
- a core for each engine, and 20 ms of CPU time for each second of song
- 3 s for each song of 240 s, in which it is fetched, decoded, encoded and stored
*/}}
{{- define "separation.sizeHost" -}}
{{- $settings := .settings -}}
{{- $cores := dig "resources" "requests" "cpu" "" $settings | toString | eq "auto" -}}
{{- $prefetch := toString $settings.prefetch | eq "auto" -}}
{{- if not $settings.gpus }}{{ fail (printf "%s.gpus is missing: set it to the number of GPUs of each pod." .path) }}{{ end -}}
{{- if and (or $cores $prefetch) (not $settings.realTimeFactor) }}{{ fail (printf "%s.realTimeFactor is missing, and auto is computed from it: set it, or set resources.requests.cpu and prefetch." .path) }}{{ end -}}
{{- $songSeconds := mul $settings.gpus $settings.realTimeFactor -}}
{{- if $cores }}
{{- $_ := set $settings.resources.requests "cpu" (printf "%dm" (add (mul $settings.gpus 1000) (mul $songSeconds 20))) -}}
{{- end }}
{{- if $prefetch }}
{{- $_ := set $settings "prefetch" (min 64 (div (add $songSeconds 79) 80)) -}}
{{- end }}
{{- end }}

{{/* a quantity of Kubernetes as a number: 250m is 0.25, 1Gi is 1073741824 */}}
{{- define "separation.quantity" -}}
{{- $factors := dict "n" 1e-9 "u" 1e-6 "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 -}}
{{- $factors = merge $factors (dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976) -}}
{{- $suffix := toString . | regexFind "[A-Za-z]+$" -}}
{{- mulf (toString . | trimSuffix $suffix | float64) (get $factors $suffix | default 1) -}}
{{- end }}

{{/* Kubernetes refuses a request above its limit; (list path resources, and where the request of CPU comes from) */}}
{{- define "separation.validateResources" -}}
{{- $path := index . 0 -}}
{{- $origin := index . 2 -}}
{{- $resources := index . 1 | default dict -}}
{{- $limits := $resources.limits | default dict -}}
{{- range $name, $request := $resources.requests }}
{{- $limit := hasKey $limits $name | ternary (get $limits $name) $request -}}
{{- if gt (include "separation.quantity" $request | float64) (include "separation.quantity" $limit | float64) }}{{ fail (printf "%s.resources.requests.%s is %s%s, above limits.%s, which is %s: raise the limit, or set a lower request." $path $name (toJson $request | trimAll "\"") (eq $name "cpu" | ternary $origin "") $name (toJson $limit | trimAll "\"")) }}{{ end -}}
{{- end }}
{{- end }}
