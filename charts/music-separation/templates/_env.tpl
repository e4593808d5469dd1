{{/* libs/config defines the names of the variables */}}
{{- define "separation.env.redis" -}}
{{- if include "separation.caVolume" . }}
- { name: NODE_EXTRA_CA_CERTS, value: /etc/separation-ca/ca.crt }
{{- end }}
{{- $secret := include "separation.redisSecret" . -}}
{{- $external := not .Values.redis.enabled -}}
{{- if $secret }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef: { name: {{ $secret }}, key: {{ include "separation.redisSecretKey" . }} }
{{- end }}
- name: REDIS_URL
  value: {{ printf "%s://%s%s:%s/%d" (ternary "rediss" "redis" (and $external .Values.externalRedis.tls)) (include "separation.redisLogin" .) (include "separation.redisHost" .) (include "separation.redisPort" .) (ternary (int .Values.externalRedis.database) 0 $external) | quote }}
{{- include "separation.env.sentinel" . }}
{{- end }}

{{/* empty unless sentinels say where Redis is */}}
{{- define "separation.env.sentinel" -}}
{{- $redis := .Values.externalRedis -}}
{{- if and (not .Values.redis.enabled) $redis.sentinel.hosts }}
- { name: REDIS_SENTINELS, value: {{ join "," $redis.sentinel.hosts | quote }} }
- { name: REDIS_SENTINEL_MASTER, value: {{ $redis.sentinel.master | quote }} }
{{- with $redis.sentinel.existingSecretKey }}
- name: REDIS_SENTINEL_PASSWORD
  valueFrom:
    secretKeyRef: { name: {{ $redis.existingSecret }}, key: {{ . }} }
{{- end }}
{{- end }}
{{- end }}

{{- define "separation.redisLogin" -}}
{{- $user := ternary "" .Values.externalRedis.username .Values.redis.enabled -}}
{{- if include "separation.redisSecret" . }}{{ $user }}:$(REDIS_PASSWORD)@{{ else if $user }}{{ $user }}@{{ end -}}
{{- end }}

{{- define "separation.env.s3" -}}
{{- $bundled := .Values.minio.enabled -}}
{{- $secret := ternary .Values.minio.auth.existingSecret .Values.externalS3.existingSecret $bundled }}
- { name: STORAGE, value: s3 }
- { name: S3_ENDPOINT, value: {{ include "separation.s3Endpoint" . | quote }} }
- { name: S3_REGION, value: {{ .Values.s3.region | quote }} }
- { name: S3_BUCKET, value: {{ .Values.s3.bucket | quote }} }
{{- if $secret }}
- name: S3_ACCESS_KEY
  valueFrom:
    secretKeyRef: { name: {{ $secret }}, key: {{ ternary .Values.minio.auth.rootUserSecretKey .Values.externalS3.accessKeyKey $bundled }} }
- name: S3_SECRET_KEY
  valueFrom:
    secretKeyRef: { name: {{ $secret }}, key: {{ ternary .Values.minio.auth.rootPasswordSecretKey .Values.externalS3.secretKeyKey $bundled }} }
{{- end }}
{{- end }}

{{- define "separation.env.logging" -}}
- { name: LOG_LEVEL, value: {{ .Values.config.logLevel | quote }} }
- { name: LOG_FORMAT, value: {{ .Values.config.logFormat | quote }} }
{{- end }}

{{/* settings that rest-server and the workers must share */}}
{{- define "separation.env.shared" -}}
{{ include "separation.env.redis" . }}
{{- include "separation.env.s3" . }}
{{ include "separation.env.logging" . }}
- { name: MODEL_QUEUES, value: {{ include "separation.modelQueues" . | quote }} }
- { name: MODEL_LICENCES, value: {{ join "," .Values.models.licences | quote }} }
- { name: MAX_DURATION_SECONDS, value: {{ int64 .Values.config.maxDurationSeconds | quote }} }
{{- end }}

{{- define "separation.env.logs" -}}
{{ include "separation.env.redis" . }}
{{ include "separation.env.logging" . }}
{{- end }}

{{- define "separation.env.restServer" -}}
- { name: HOST, value: "0.0.0.0" }
- { name: PORT, value: "3000" }
# no Service publishes it
- { name: METRICS_PORT, value: "3002" }
- { name: SCRATCH_DIR, value: /tmp }
{{ include "separation.env.shared" . }}
- { name: MODEL, value: {{ .Values.models.default | quote }} }
- { name: MAX_UPLOAD_BYTES, value: {{ int64 .Values.config.maxUploadBytes | quote }} }
- { name: MAX_QUEUED, value: {{ int64 .Values.config.maxQueued | quote }} }
- { name: RETENTION_HOURS, value: {{ int64 .Values.config.retentionHours | quote }} }
- { name: RATE_LIMIT_PER_MINUTE, value: {{ int64 .Values.config.rateLimitPerMinute | quote }} }
- { name: CORS_ORIGINS, value: {{ .Values.config.corsOrigins | quote }} }
- { name: ALLOWED_HOSTS, value: {{ .Values.config.allowedHosts | quote }} }
- { name: TRUSTED_PROXIES, value: {{ int64 .Values.config.trustedProxies | quote }} }
- { name: URL_IMPORT_HOSTS, value: {{ .Values.config.urlImportHosts | quote }} }
- { name: COMPAT_API, value: {{ .Values.config.compatApi | quote }} }
- { name: WEBHOOK_ALLOW, value: {{ .Values.config.webhookAllow | quote }} }
{{- if .Values.apiKeys.enabled }}
- { name: API_KEYS_FILE, value: /etc/separation/api-keys }
{{- end }}
{{- end }}

{{/* (list $ pool) */}}
{{- define "separation.env.worker" -}}
{{- $settings := (index . 1).settings -}}
- { name: HOST, value: "0.0.0.0" }
- { name: WORKER_PORT, value: "3001" }
{{ include "separation.env.shared" (index . 0) }}
- { name: QUEUE, value: {{ (index . 1).queue }} }
# the one that the engine keeps loaded
- { name: MODEL, value: {{ include "separation.modelsOf" . | fromJsonArray | first | quote }} }
- { name: MODELS_DIR, value: /models }
- { name: SCRATCH_DIR, value: /scratch }
- { name: ENGINE_CACHE_DIR, value: /cache }
- { name: DEVICE, value: {{ ternary "cuda" "cpu" (index . 1).gpu }} }
- { name: ENGINES, value: {{ ternary ($settings.gpus | default 1) 1 (index . 1).gpu | quote }} }
- { name: PRECISION, value: {{ $settings.precision }} }
- { name: WORKER_CONCURRENCY, value: {{ $settings.concurrency | quote }} }
- { name: WORKER_PREFETCH, value: {{ $settings.prefetch | quote }} }
- { name: SHUTDOWN_GRACE_SECONDS, value: {{ int64 $settings.shutdownGraceSeconds | quote }} }
{{- end }}
