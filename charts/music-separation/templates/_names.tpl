{{/* nameOverride stands for the chart's name */}}
{{- define "separation.name" -}}
{{ .Values.nameOverride | default .Chart.Name }}
{{- end }}

{{/* name of an object; (list $ name) */}}
{{- define "separation.fullname" -}}
{{ with (index . 0).Values.fullnameOverride }}{{ . }}-{{ end }}{{ index . 1 }}
{{- end }}

{{/* a Deployment's selector is immutable, so it has no version; (list $ component) */}}
{{- define "separation.selector" -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end }}

{{/* labels of every object; more of them do not replace those of the chart; (list $ component more) */}}
{{- define "separation.labels" -}}
{{- $root := index . 0 -}}
{{- $own := include "separation.selector" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/part-of" (include "separation.name" $root) -}}
{{- $_ := set $own "app.kubernetes.io/version" $root.Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") -}}
{{- $more := mergeOverwrite (deepCopy $root.Values.commonLabels) (index . 2) -}}
{{- range keys $more }}{{ if hasKey $own . }}{{ fail (printf "The label %s belongs to the chart: remove it from commonLabels and podLabels." .) }}{{ end }}{{ end -}}
{{- mergeOverwrite $more $own | toYaml }}
{{- end }}

{{/* metadata of an object: root, name; fullname and component if they do not follow from it; labels, annotations, namespace */}}
{{- define "separation.metadata" -}}
name: {{ .fullname | default (include "separation.fullname" (list .root .name)) }}
namespace: {{ .namespace | default .root.Release.Namespace }}
labels: {{- include "separation.labels" (list .root (.component | default .name) (.labels | default dict)) | nindent 2 }}
{{- with mergeOverwrite (deepCopy .root.Values.commonAnnotations) (.annotations | default dict) }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* (list $ image) */}}
{{- define "separation.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $root.Values.global.imageRegistry | default $root.Values.images.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- /* skaffold sets tag@digest, or tag@ for an image it did not push */ -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $root.Chart.AppVersion | trimSuffix "@" }}{{ end -}}
{{- end }}

{{- define "separation.minioNamespace" -}}
{{ .Values.minio.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{- define "separation.redisHost" -}}
{{- $external := .Values.externalRedis -}}
{{- /* with sentinels, the host of the URL says nothing */ -}}
{{- $host := empty $external.sentinel.hosts | ternary $external.host $external.sentinel.master -}}
{{ ternary (printf "%s-master" .Values.redis.fullnameOverride) $host .Values.redis.enabled }}
{{- end }}

{{/* a host as KEDA sees it from its own namespace: a name without dots is a Service of ours; (list $ host), host with or without port */}}
{{- define "separation.fromAnywhere" -}}
{{- $root := index . 0 -}}
{{ regexReplaceAll "^([a-z0-9-]+)(:[0-9]+)?$" (index . 1) (printf "${1}.%s.svc.%s${2}" $root.Release.Namespace $root.Values.clusterDomain) }}
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
{{ ternary (printf "http://%s:%d" .Values.minio.fullnameOverride (int .Values.minio.service.ports.api)) .Values.externalS3.endpoint .Values.minio.enabled }}
{{- end }}

{{/* the port of an endpoint such as https://s3.example.org */}}
{{- define "separation.s3Port" -}}
{{- $url := urlParse (include "separation.s3Endpoint" .) -}}
{{- if contains ":" $url.host }}{{ last (splitList ":" $url.host) }}{{ else }}{{ ternary 443 80 (eq $url.scheme "https") }}{{ end -}}
{{- end }}

{{- define "separation.apiKeysSecret" -}}
{{ .Values.apiKeys.existingSecret | default (include "separation.fullname" (list . "separation-api-keys")) }}
{{- end }}
