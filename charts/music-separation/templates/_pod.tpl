{{/* metadata of a part's pods: root, name, settings; labels and annotations of the chart */}}
{{- define "separation.podMetadata" -}}
labels: {{- include "separation.labels" (list .root .name (mergeOverwrite (deepCopy .settings.podLabels) (.labels | default dict))) | nindent 2 }}
{{- with mergeOverwrite (deepCopy .root.Values.commonAnnotations) (.annotations | default dict) .settings.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* the first fields of every pod: root, name, settings; account if it is not the name */}}
{{- define "separation.podStart" -}}
{{- $settings := .settings -}}
serviceAccountName: {{ include "separation.accountName" (list .root $settings (.account | default .name)) }}
automountServiceAccountToken: false
# with service links, a service named redis sets REDIS_PORT=tcp://…
enableServiceLinks: false
securityContext: {{- include "separation.withoutIds" (list .root $settings.podSecurityContext) | nindent 2 }}
{{- with concat .root.Values.images.pullSecrets .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - {{ (kindIs "string" . | ternary (dict "name" .) .) | toJson }}
  {{- end }}
{{- end }}
{{- range $key := list "priorityClassName" "runtimeClassName" "schedulerName" "nodeSelector" "tolerations" "affinity" "dnsConfig" "hostAliases" }}
{{- with get $settings $key }}
{{ dict $key . | toYaml }}
{{- end }}
{{- end }}
{{- with $settings.topologySpreadConstraints }}
topologySpreadConstraints: {{- toYaml . | nindent 2 }}
{{- else }}
topologySpreadConstraints:
  {{- $selector := dict "matchLabels" (include "separation.selector" (list .root .name) | fromYaml) }}
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - {{ dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway" "labelSelector" $selector | toJson }}
  {{- end }}
{{- end }}
{{- end }}

{{/* the first fields of a part's container; (list $ settings image) */}}
{{- define "separation.containerStart" -}}
{{- $root := index . 0 -}}
{{- $settings := index . 1 -}}
image: {{ index . 2 | quote }}
imagePullPolicy: {{ $root.Values.images.pullPolicy }}
securityContext: {{- include "separation.containerSecurity" (list $root $settings) | nindent 2 }}
{{- with $settings.extraEnvFrom }}
envFrom: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "separation.containerSecurity" -}}
{{- $context := (index . 1).securityContext -}}
{{- if (index . 0).Values.development }}{{ $context = mergeOverwrite (deepCopy $context) (dict "readOnlyRootFilesystem" false) }}{{ end -}}
{{- include "separation.withoutIds" (list (index . 0) $context) }}
{{- end }}

{{/* OpenShift chooses the ids itself, and refuses others; (list $ securityContext) */}}
{{- define "separation.withoutIds" -}}
{{- $context := index . 1 -}}
{{- if include "separation.openShift" (index . 0) }}{{ $context = omit $context "runAsUser" "runAsGroup" "fsGroup" }}{{ end -}}
{{- toYaml $context }}
{{- end }}

{{/* extraEnv replaces variables of the chart: an apply by the server refuses a name that is there twice; (list yaml settings) */}}
{{- define "separation.env" -}}
{{- $extra := (index . 1).extraEnv -}}
{{- $replaced := list -}}
{{- range $extra }}{{ $replaced = append $replaced .name }}{{ end -}}
{{- $env := list -}}
{{- range index . 0 | fromYamlArray }}{{ if not (has .name $replaced) }}{{ $env = append $env . }}{{ end }}{{ end -}}
{{- concat $env $extra | toYaml }}
{{- end }}

{{/* empty without caBundle */}}
{{- define "separation.caVolume" -}}
{{- $bundle := .Values.caBundle -}}
{{- $items := list (dict "key" $bundle.key "path" "ca.crt") -}}
{{- if $bundle.existingConfigMap }}
- name: ca-bundle
  configMap: {{ dict "name" $bundle.existingConfigMap "items" $items | toJson }}
{{- else if $bundle.existingSecret }}
- name: ca-bundle
  secret: {{ dict "secretName" $bundle.existingSecret "items" $items | toJson }}
{{- end }}
{{- end }}

{{- define "separation.caMount" -}}
{{- if include "separation.caVolume" . }}
- { name: ca-bundle, mountPath: /etc/separation-ca, readOnly: true }
{{- end }}
{{- end }}
