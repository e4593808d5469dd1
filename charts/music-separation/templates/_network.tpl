{{/* DNS caches have node addresses, so this allows the port everywhere */}}
{{- define "separation.toDns" -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
{{- end }}

{{- define "separation.toRedis" -}}
- ports:
    - { port: {{ include "separation.redisPort" . }}, protocol: TCP }
    {{- if not .Values.redis.enabled }}
    {{- range (include "separation.sentinelPorts" . | fromJsonArray) }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
    {{- end }}
  {{- if .Values.redis.enabled }}
  to:
    - podSelector:
        matchLabels: {{- include "separation.selector" (list . "redis") | nindent 10 }}
  {{- end }}
{{- end }}

{{/* of externalRedis.sentinel.hosts, such as sentinel-0:26379; JSON */}}
{{- define "separation.sentinelPorts" -}}
{{- $ports := list -}}
{{- range .Values.externalRedis.sentinel.hosts }}{{ $ports = append $ports (regexFind ":[0-9]+$" . | default ":26379" | trimPrefix ":" | int) }}{{ end -}}
{{- uniq $ports | toJson }}
{{- end }}

{{- define "separation.toS3" -}}
- ports:
    - { port: {{ include "separation.s3Port" . }}, protocol: TCP }
  {{- if .Values.minio.enabled }}
  to:
    - namespaceSelector:
        matchLabels: { kubernetes.io/metadata.name: {{ include "separation.minioNamespace" . }} }
      podSelector:
        matchLabels: {{- include "separation.selector" (list . "minio") | nindent 10 }}
  {{- end }}
{{- end }}

{{/* Prometheus may fetch /metrics; (list $ port) */}}
{{- define "separation.fromMonitoring" -}}
- from:
    - namespaceSelector:
        matchLabels: { kubernetes.io/metadata.name: {{ (index . 0).Values.networkPolicy.monitoringNamespace }} }
  ports:
    - { port: {{ index . 1 }}, protocol: TCP }
{{- end }}

{{/* networkPolicy.toInternet */}}
{{- define "separation.toInternet" -}}
- ports:
    {{- range .ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
  to:
    - ipBlock: { cidr: 0.0.0.0/0, except: {{ .except | toJson }} }
{{- end }}

{{/* of models.hubEndpoint, which may be a mirror with a port of its own */}}
{{- define "separation.hubPort" -}}
{{- $url := urlParse (.Values.models.hubEndpoint | default "https://hub") -}}
{{- if contains ":" $url.host }}{{ last (splitList ":" $url.host) }}{{ else }}{{ ternary 80 443 (eq $url.scheme "http") }}{{ end -}}
{{- end }}
