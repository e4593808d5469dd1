{{- define "separation.modelsWanted" -}}
{{ without (prepend .Values.models.also .Values.models.default | uniq) "demo" | join " " }}
{{- end }}

{{- define "separation.modelsFetched" -}}
{{- if and (has .Values.models.source (list "hub" "bucket")) (include "separation.modelsWanted" .) }}true{{ end -}}
{{- end }}

{{/* files/licences.json has the models of the catalogue; others are the operator's own */}}
{{- define "separation.validateLicences" -}}
{{- $models := .Values.models -}}
{{- $known := .Files.Get "files/licences.json" | fromJson -}}
{{- range prepend $models.also $models.default | uniq }}
{{- $licence := get $known . | default (dict "class" "own") -}}
{{- if not (has $licence.class $models.licences) }}{{ fail (printf "The license of the model %s is %s (%s), and models.licences does not have this class: name another model in models.default or models.also, or add the class." . $licence.class ($licence.source | default "your own model")) }}{{ end }}
{{- if and (eq $models.source "hub") (not (has $licence.class (concat (list "permissive" "own") $models.acceptLicences))) }}{{ fail (printf "The license of the model %s is %s (%s): add this class to models.acceptLicences to accept it, or name another model in models.default." . $licence.class $licence.source) }}{{ end }}
{{- end }}
{{- end }}

{{/* the init container that fetches the models; Kubernetes retries it; (list $ image settings) */}}
{{- define "separation.modelsInit" -}}
{{- $root := index . 0 -}}
{{- $models := $root.Values.models -}}
- name: models
  image: {{ index . 1 | quote }}
  imagePullPolicy: {{ $root.Values.images.pullPolicy }}
  securityContext: {{- include "separation.containerSecurity" (list $root (index . 2)) | nindent 4 }}
  {{- with (index . 2).extraEnvFrom }}
  envFrom: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- $wanted := splitList " " (include "separation.modelsWanted" $root) }}
  {{- if eq $models.source "hub" }}
  command: {{ concat (list "/opt/engine/bin/python" "-m" "separation_engine" "models" "get") $wanted | toJson }}
  {{- else }}
  command: {{ concat (list "node" "dist/apps/worker/apps/worker/src/models-from-bucket.js" "--prefix" $models.bucketPrefix) $wanted | toJson }}
  {{- end }}
  env: {{- include "separation.env" (list (include "separation.env.models" $root) (index . 2)) | nindent 4 }}
  resources:
    requests: { cpu: 250m, memory: 1Gi, ephemeral-storage: 1Gi }
    limits: { memory: 3Gi, ephemeral-storage: 8Gi }
  volumeMounts:
    - { name: models, mountPath: /models }
    - { name: cache, mountPath: /cache }
    - { name: tmp, mountPath: /tmp }
    {{- include "separation.caMount" $root | nindent 4 }}
    {{- with (index . 2).extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{- define "separation.env.models" -}}
{{- $models := .Values.models -}}
- { name: MODELS_DIR, value: /models }
- { name: HF_HOME, value: /tmp/hub }
- { name: ENGINE_CACHE_DIR, value: /cache }
- { name: DEVICE, value: cpu }
- { name: MODEL, value: {{ $models.default | quote }} }
- { name: MODEL_LICENCES, value: {{ join "," $models.licences | quote }} }
{{- if eq $models.source "hub" }}
- { name: ACCEPT_LICENCES, value: {{ join "," $models.acceptLicences | quote }} }
{{- with $models.hubEndpoint }}
- { name: HF_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- else }}
{{- if include "separation.caVolume" . }}
- { name: NODE_EXTRA_CA_CERTS, value: /etc/separation-ca/ca.crt }
{{- end }}
{{ include "separation.env.s3" . }}
{{- end }}
{{- end }}

{{/* empty if the models are baked in */}}
{{- define "separation.modelsVolume" -}}
{{- $models := .Values.models -}}
{{- if eq $models.source "pvc" }}
- name: models
  persistentVolumeClaim: { claimName: {{ $models.existingClaim }}, readOnly: true }
{{- else if eq $models.source "image" }}
- name: models
  image: { reference: {{ $models.image | quote }}, pullPolicy: {{ .Values.images.pullPolicy }} }
{{- else if include "separation.modelsFetched" . }}
- name: models
  emptyDir: { sizeLimit: {{ $models.sizeLimit }} }
{{- end }}
{{- end }}
