{{/*
Settings of a part: podDefaults, with those of the part above them. Maps are merged, all else is replaced.
(list $ settings…), JSON
*/}}
{{- define "separation.settings" -}}
{{- $settings := deepCopy (index . 0).Values.podDefaults -}}
{{- range rest . }}{{ $settings = mergeOverwrite $settings (deepCopy .) }}{{ end -}}
{{ toJson $settings }}
{{- end }}

{{/*
The enabled pools of workers, JSON: {pools: [{name, pool, path, gpu, own, settings, queue}]}. `own` are the settings without
podDefaults, and `path` is their place in the values. Pools with the same models share a queue.
*/}}
{{- define "separation.pools" -}}
{{- $root := . -}}
{{- $cpu := .Values.workers.cpu -}}
{{- $gpu := .Values.workers.gpu -}}
{{- $pools := list -}}
{{- if $cpu.enabled }}
{{- $pools = append $pools (dict "name" "worker-server" "pool" "cpu" "path" "workers.cpu" "gpu" false "own" $cpu) -}}
{{- end }}
{{- if $gpu.enabled }}
{{- range $gpu.pools | default (list dict) }}
{{- $suffix := .name | default "" | printf "-%s" | trimSuffix "-" -}}
{{- $path := .name | default "" | eq "" | ternary "workers.gpu" (printf "workers.gpu.pools (%s)" .name) -}}
{{- $own := mergeOverwrite (deepCopy (omit $gpu "pools")) (omit . "name") -}}
{{- $pools = append $pools (dict "name" (printf "worker-server-gpu%s" $suffix) "pool" (printf "gpu%s" $suffix) "path" $path "gpu" true "own" $own) -}}
{{- end }}
{{- end }}
{{- $queues := dict -}}
{{- range $pools }}
{{- $_ := set . "settings" (include "separation.settings" (list $root .own) | fromJson) -}}
{{- if .gpu }}{{ include "separation.sizeHost" . }}{{ end -}}
{{- $models := .own.models | uniq | sortAlpha | join "," -}}
{{- if not (hasKey $queues $models) }}{{ $_ := set $queues $models (empty $models | ternary "toWorkers" (printf "toWorkers-%s" .pool)) }}{{ end -}}
{{- $_ := set . "queue" (get $queues $models) -}}
{{- end -}}
{{- toJson (dict "pools" $pools) }}
{{- end }}

{{/* the queues, and the models of each: what MODEL_QUEUES is */}}
{{- define "separation.modelQueues" -}}
{{- $queues := list -}}
{{- range (include "separation.pools" . | fromJson).pools }}
{{- $queues = append $queues (printf "%s=%s" .queue (.own.models | uniq | sortAlpha | join "," | default "*")) -}}
{{- end -}}
{{- uniq $queues | join ";" }}
{{- end }}

{{/* autoscaling.mode of each enabled pool, JSON */}}
{{- define "separation.scalingModes" -}}
{{- $modes := list -}}
{{- range (include "separation.pools" . | fromJson).pools }}{{ $modes = append $modes .settings.autoscaling.mode }}{{ end -}}
{{- toJson $modes }}
{{- end }}

{{/* name of a part's ServiceAccount; (list $ settings default) */}}
{{- define "separation.accountName" -}}
{{- $account := (index . 1).serviceAccount -}}
{{- if $account.name }}{{ $account.name }}{{ else if $account.create }}{{ include "separation.fullname" (list (index . 0) (index . 2)) }}{{ else }}default{{ end -}}
{{- end }}

{{/* empty unless the cluster gives pods user ids of its own */}}
{{- define "separation.openShift" -}}
{{- $adapt := .Values.global.compatibility.openshift.adaptSecurityContext -}}
{{- if or (eq $adapt "force") (and (eq $adapt "auto") (.Capabilities.APIVersions.Has "security.openshift.io/v1")) }}true{{ end -}}
{{- end }}

{{/* adds to the settings of a pool what leads its pods to GPU nodes */}}
{{- define "separation.ontoGpus" -}}
{{- $tolerations := append .tolerations (dict "key" "nvidia.com/gpu" "operator" "Exists" "effect" "NoSchedule") -}}
{{- if .spot }}
{{- $tolerations = append $tolerations (dict "key" "cloud.google.com/gke-spot" "operator" "Equal" "value" "true" "effect" "NoSchedule") -}}
{{- end }}
{{- $_ := set . "tolerations" $tolerations -}}
{{- with .accelerator }}{{ $_ := set $.nodeSelector "cloud.google.com/gke-accelerator" . }}{{ end -}}
{{- end }}
