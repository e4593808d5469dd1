{{/* required by the restricted Pod Security Standard */}}
{{- define "separation.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "separation.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: {{ not .Values.development }}
runAsNonRoot: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* the first fields of every pod; (list $ serviceAccount) */}}
{{- define "separation.podStart" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ index . 1 }}
automountServiceAccountToken: false
# with service links, a service named redis sets REDIS_PORT=tcp://…
enableServiceLinks: false
securityContext: {{- include "separation.podSecurity" $root | nindent 2 }}
{{- with $root.Values.images.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* nodeSelector, tolerations, affinity and spread; (list $ name settings) */}}
{{- define "separation.placement" -}}
{{- $settings := index . 2 -}}
{{- with $settings.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "separation.selector" . | nindent 8 }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "separation.selector" . | nindent 8 }}
{{- end }}
