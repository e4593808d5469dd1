{{/* labels of every object; (list $ name) */}}
{{- define "separation.labels" -}}
{{- $root := index . 0 -}}
{{ include "separation.selector" . }}
app.kubernetes.io/part-of: music-separation
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* a Deployment's selector is immutable, so it has no version; (list $ name) */}}
{{- define "separation.selector" -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end }}

{{/* (list $ image) */}}
{{- define "separation.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $root.Values.images.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- /* skaffold sets tag@digest, or tag@ for an image it did not push */ -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $root.Chart.AppVersion | trimSuffix "@" }}{{ end -}}
{{- end }}

{{- define "separation.minioNamespace" -}}
{{ .Values.minio.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{- define "separation.redisHost" -}}
{{ ternary "redis-master" .Values.externalRedis.host .Values.redis.enabled }}
{{- end }}

{{- define "separation.redisPort" -}}
{{ ternary 6379 (int .Values.externalRedis.port) .Values.redis.enabled }}
{{- end }}

{{/* name and key of the Secret with Redis's password; empty if there is none */}}
{{- define "separation.redisSecret" -}}
{{ ternary .Values.redis.auth.existingSecret .Values.externalRedis.existingSecret .Values.redis.enabled }}
{{- end }}
{{- define "separation.redisSecretKey" -}}
{{ ternary .Values.redis.auth.existingSecretPasswordKey .Values.externalRedis.existingSecretKey .Values.redis.enabled }}
{{- end }}

{{- define "separation.s3Endpoint" -}}
{{ ternary (printf "http://minio:%d" (int .Values.minio.service.ports.api)) .Values.externalS3.endpoint .Values.minio.enabled }}
{{- end }}

{{/* the port of an endpoint such as https://s3.example.org */}}
{{- define "separation.s3Port" -}}
{{- $url := urlParse (include "separation.s3Endpoint" .) -}}
{{- if contains ":" $url.host }}{{ last (splitList ":" $url.host) }}{{ else }}{{ ternary 443 80 (eq $url.scheme "https") }}{{ end -}}
{{- end }}

{{- define "separation.apiKeysSecret" -}}
{{ .Values.apiKeys.existingSecret | default "separation-api-keys" }}
{{- end }}

{{/* name of a pool's Deployment */}}
{{- define "separation.poolName" -}}
{{ eq . "gpu" | ternary "worker-server-gpu" "worker-server" }}
{{- end }}

