{{/* a PodDisruptionBudget; (dict root, name, settings) */}}
{{- define "separation.disruptionBudget" -}}
{{- $budget := .settings.podDisruptionBudget }}
{{- if $budget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{- include "separation.metadata" . | nindent 2 }}
spec:
  {{- if eq (toString $budget.minAvailable) "" }}
  maxUnavailable: {{ $budget.maxUnavailable }}
  {{- else }}
  minAvailable: {{ $budget.minAvailable }}
  {{- end }}
  selector:
    matchLabels: {{- include "separation.selector" (list .root .name) | nindent 6 }}
{{- end }}
{{- end }}

{{/* an autoscaler by CPU and memory; root, name, settings, and the behavior that applies unless the values say otherwise */}}
{{- define "separation.podAutoscaler" -}}
{{- $scale := .settings.autoscaling }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{- include "separation.metadata" . | nindent 2 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "separation.fullname" (list .root .name) }} }
  minReplicas: {{ $scale.minReplicas }}
  maxReplicas: {{ $scale.maxReplicas }}
  {{- with mergeOverwrite (.behavior | default dict) $scale.behavior }}
  behavior: {{- toYaml . | nindent 4 }}
  {{- end }}
  metrics:
    {{- range $resource, $target := dict "cpu" $scale.targetCPUUtilization "memory" $scale.targetMemoryUtilization }}
    {{- if $target }}
    - type: Resource
      resource:
        name: {{ $resource }}
        target: { type: Utilization, averageUtilization: {{ $target }} }
    {{- end }}
    {{- end }}
{{- end }}

{{/* what KEDA needs to log in to Redis: the spec of a TriggerAuthentication; empty if nothing */}}
{{- define "separation.kedaSecrets" -}}
{{- $external := not .Values.redis.enabled -}}
{{- $redis := .Values.externalRedis -}}
{{- $bundle := .Values.caBundle -}}
{{- $secrets := list -}}
{{- with include "separation.redisSecret" . }}
{{- $secrets = append $secrets (dict "parameter" "password" "name" . "key" (include "separation.redisSecretKey" $)) }}
{{- end }}
{{- if and $external $redis.sentinel.hosts $redis.sentinel.existingSecretKey }}
{{- $secrets = append $secrets (dict "parameter" "sentinelPassword" "name" $redis.existingSecret "key" $redis.sentinel.existingSecretKey) }}
{{- end }}
{{- $authority := and $external $redis.tls }}
{{- if and $authority $bundle.existingSecret (not $bundle.existingConfigMap) }}
{{- $secrets = append $secrets (dict "parameter" "ca" "name" $bundle.existingSecret "key" $bundle.key) }}
{{- end }}
{{- with $secrets }}
secretTargetRef: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if and $authority $bundle.existingConfigMap }}
configMapTargetRef:
  - {{ dict "parameter" "ca" "name" $bundle.existingConfigMap "key" $bundle.key | toJson }}
{{- end }}
{{- end }}
