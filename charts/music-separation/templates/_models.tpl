{{/* names of all models of a pool, JSON; (list $ pool) */}}
{{- define "separation.modelsOf" -}}
{{- $models := (index . 0).Values.models -}}
{{- (index . 1).own.models | default (prepend $models.also $models.default) | uniq | toJson }}
{{- end }}

{{/* those that a pool fetches, if it does; (list $ pool) */}}
{{- define "separation.modelsWanted" -}}
{{ without (include "separation.modelsOf" . | fromJsonArray) "demo" | join " " }}
{{- end }}

{{/* (list $ pool) */}}
{{- define "separation.modelsFetched" -}}
{{- if and (has (index . 0).Values.models.source (list "hub" "bucket")) (include "separation.modelsWanted" .) }}true{{ end -}}
{{- end }}

{{- define "separation.anyModelsFetched" -}}
{{- range (include "separation.pools" . | fromJson).pools }}{{ include "separation.modelsFetched" (list $ .) }}{{ end -}}
{{- end }}

{{/* files/licences.json has the models of the catalogue; others are the operator's own */}}
{{- define "separation.validateLicences" -}}
{{- $models := .Values.models -}}
{{- $known := .Files.Get "files/licences.json" | fromJson -}}
{{- $wanted := prepend $models.also $models.default -}}
{{- range (include "separation.pools" . | fromJson).pools }}{{ $wanted = concat $wanted .own.models }}{{ end -}}
{{- range uniq $wanted }}
{{- $licence := get $known . | default (dict "class" "own") -}}
{{- if not (has $licence.class $models.licences) }}{{ fail (printf "The license of the model %s is %s (%s), and models.licences does not have this class: name another model in models.default, models.also or the models of a pool, or add the class." . $licence.class ($licence.source | default "your own model")) }}{{ end }}
{{- if and (eq $models.source "hub") (not (has $licence.class (concat (list "permissive" "own") $models.acceptLicences))) }}{{ fail (printf "The license of the model %s is %s (%s): add this class to models.acceptLicences to accept it, or name another model in models.default." . $licence.class $licence.source) }}{{ end }}
{{- end }}
{{- end }}

{{/* the init container that fetches the models; Kubernetes retries it; (list $ image pool) */}}
{{- define "separation.modelsInit" -}}
{{- $root := index . 0 -}}
{{- $models := $root.Values.models -}}
{{- $pool := index . 2 -}}
- name: models
  image: {{ index . 1 | quote }}
  imagePullPolicy: {{ $root.Values.images.pullPolicy }}
  securityContext: {{- include "separation.containerSecurity" (list $root $pool.settings) | nindent 4 }}
  {{- with $pool.settings.extraEnvFrom }}
  envFrom: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- $wanted := splitList " " (include "separation.modelsWanted" (list $root $pool)) }}
  {{- if eq $models.source "hub" }}
  command: {{ concat (list "/opt/engine/bin/python" "-m" "separation_engine" "models" "get") $wanted | toJson }}
  {{- else }}
  command: {{ concat (list "node" "dist/apps/worker/apps/worker/src/models-from-bucket.js" "--prefix" $models.bucketPrefix) $wanted | toJson }}
  {{- end }}
  env: {{- include "separation.env" (list (include "separation.env.models" (list $root $pool)) $pool.settings) | nindent 4 }}
  resources:
    requests: { cpu: 250m, memory: 1Gi, ephemeral-storage: 1Gi }
    limits: { memory: 3Gi, ephemeral-storage: 8Gi }
  volumeMounts:
    - { name: models, mountPath: /models }
    - { name: cache, mountPath: /cache }
    - { name: tmp, mountPath: /tmp }
    {{- include "separation.caMount" $root | nindent 4 }}
    {{- with $pool.settings.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* (list $ pool) */}}
{{- define "separation.env.models" -}}
{{- $root := index . 0 -}}
{{- $models := $root.Values.models -}}
- { name: MODELS_DIR, value: /models }
- { name: HF_HOME, value: /tmp/hub }
- { name: ENGINE_CACHE_DIR, value: /cache }
- { name: DEVICE, value: cpu }
- { name: MODEL, value: {{ include "separation.modelsOf" . | fromJsonArray | first | quote }} }
- { name: MODEL_LICENCES, value: {{ join "," $models.licences | quote }} }
{{- if eq $models.source "hub" }}
- { name: ACCEPT_LICENCES, value: {{ join "," $models.acceptLicences | quote }} }
{{- with $models.hubEndpoint }}
- { name: HF_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- else }}
{{- if include "separation.caVolume" $root }}
- { name: NODE_EXTRA_CA_CERTS, value: /etc/separation-ca/ca.crt }
{{- end }}
{{ include "separation.env.s3" $root }}
{{- end }}
{{- end }}

{{/* empty if the models are baked in; (list $ pool) */}}
{{- define "separation.modelsVolume" -}}
{{- $models := (index . 0).Values.models -}}
{{- if eq $models.source "pvc" }}
- name: models
  persistentVolumeClaim: { claimName: {{ $models.existingClaim }}, readOnly: true }
{{- else if eq $models.source "image" }}
- name: models
  image: { reference: {{ $models.image | quote }}, pullPolicy: {{ (index . 0).Values.images.pullPolicy }} }
{{- else if include "separation.modelsFetched" . }}
- name: models
  emptyDir: { sizeLimit: {{ $models.sizeLimit }} }
{{- end }}
{{- end }}
