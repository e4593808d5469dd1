{{/*
Alerts on burn rates over several windows, as in chapter 5 of the SRE workbook. A rate of 1 spends the budget of 30 days
in 30 days. `le` of a bucket is "60" in Prometheus 2, and "60.0" in Prometheus 3.
*/}}
{{- define "separation.slos" -}}
{{- $here := printf "namespace=%q" .Release.Namespace -}}
{{- $slo := .Values.monitoring.prometheusRule.slo -}}
{{- $late := "1 - sum(rate(%[1]s_bucket{%[2]s,le=~\"%[3]d([.]0)?\"}[%%[1]s])) / sum(rate(%[1]s_count{%[2]s}[%%[1]s]))" -}}
slos:
  - name: first-sound
    alert: FirstSoundLate
    percent: {{ $slo.percent }}
    summary: Listeners wait longer than {{ $slo.firstSoundSeconds }} s for the first part of their songs
    songs: {{ printf "sum(increase(separation_first_sound_seconds_count{%s}[6h]))" $here | quote }}
    errors: {{ printf $late "separation_first_sound_seconds" $here (int $slo.firstSoundSeconds) | quote }}
  - name: manifest
    alert: SongsLate
    percent: {{ $slo.percent }}
    summary: Songs take longer than {{ $slo.manifestSeconds }} s
    songs: {{ printf "sum(increase(separation_manifest_seconds_count{%s}[6h]))" $here | quote }}
    errors: {{ printf $late "separation_manifest_seconds" $here (int $slo.manifestSeconds) | quote }}
  - name: completed
    alert: TooManySongsFail
    percent: {{ $slo.completedPercent }}
    summary: More songs fail than the objective of {{ $slo.completedPercent }} % allows
    songs: {{ printf "sum(increase(separations_total{%s,outcome=~\"completed|failed\"}[6h]))" $here | quote }}
    errors: {{ printf "sum(rate(separations_total{%[1]s,outcome=\"failed\"}[%%[1]s])) / sum(rate(separations_total{%[1]s,outcome=~\"completed|failed\"}[%%[1]s]))" $here | quote }}
{{- end }}

{{/* groups of a PrometheusRule */}}
{{- define "separation.sloRules" -}}
{{- $root := . -}}
{{- $slos := (include "separation.slos" . | fromYaml).slos -}}
- name: music-separation-slo-errors
  rules:
    {{- range $slo := $slos }}
    {{- $labels := dict "slo" $slo.name "namespace" $root.Release.Namespace }}
    {{- range $window := list "5m" "30m" "1h" "2h" "6h" "1d" "3d" }}
    - record: separation:slo_errors:ratio_rate{{ $window }}
      expr: {{ printf $slo.errors $window | quote }}
      labels: {{- toYaml $labels | nindent 8 }}
    {{- end }}
    - record: separation:slo_songs:increase6h
      expr: {{ $slo.songs | quote }}
      labels: {{- toYaml $labels | nindent 8 }}
    {{- end }}
- name: music-separation-slo-alerts
  rules:
    {{- range $slo := $slos }}
    {{- $which := printf "{slo=%q,namespace=%q}" $slo.name $root.Release.Namespace }}
    {{- $budget := divf (subf 100.0 $slo.percent) 100.0 }}
    {{- $burns := "(separation:slo_errors:ratio_rate%[2]s%[1]s > %[4]v * %[5]v and separation:slo_errors:ratio_rate%[3]s%[1]s > %[4]v * %[5]v)" }}
    # a few bad songs of a quiet service wake nobody up
    - alert: {{ $slo.alert }}
      expr: >-
        ({{ printf $burns $which "1h" "5m" "14.4" $budget }}
        or {{ printf $burns $which "6h" "30m" "6" $budget }})
        and separation:slo_errors:ratio_rate6h{{ $which }} * separation:slo_songs:increase6h{{ $which }} >= 3
      labels: { severity: critical, slo: {{ $slo.name }} }
      annotations: {{- include "separation.alertAnnotations" (list $root $slo.alert $slo.summary "The error budget of 30 days is gone within five days at this rate.") | nindent 8 }}
    - alert: {{ $slo.alert }}
      expr: >-
        {{ printf $burns $which "1d" "2h" "3" $budget }}
        or {{ printf $burns $which "3d" "6h" "1" $budget }}
      labels: { severity: warning, slo: {{ $slo.name }} }
      annotations: {{- include "separation.alertAnnotations" (list $root $slo.alert $slo.summary "The error budget of 30 days does not last at this rate.") | nindent 8 }}
    {{- end }}
{{- end }}

{{/* (list $ alert summary description) */}}
{{- define "separation.alertAnnotations" -}}
summary: {{ index . 2 | quote }}
description: {{ index . 3 | quote }}
{{- with (index . 0).Values.monitoring.prometheusRule.runbookUrl }}
runbook_url: {{ printf "%s#%s" . (index $ 1 | lower) | quote }}
{{- end }}
{{- end }}

{{/*
Queues that NoWorker looks at, JSON: [{matcher, for}]. A pool that may scale to zero needs time for its first worker.
*/}}
{{- define "separation.alertedQueues" -}}
{{- $pools := (include "separation.pools" . | fromJson).pools -}}
{{- $kept := list -}}
{{- range $pools }}
{{- if or (ne .own.autoscaling.mode "keda") .own.autoscaling.minReplicas }}{{ $kept = append $kept .queue }}{{ end -}}
{{- end -}}
{{- $idle := list -}}
{{- range $pools }}{{ if not (has .queue $kept) }}{{ $idle = append $idle .queue }}{{ end }}{{ end -}}
{{- $names := uniq $idle | join "|" -}}
{{- if $names -}}
{{- $wait := max 600 (int .Values.monitoring.prometheusRule.oldestWaitSeconds) -}}
{{- list (dict "matcher" (printf ",queue!~%q" $names) "for" "10m") (dict "matcher" (printf ",queue=~%q" $names) "for" (printf "%ds" $wait)) | toJson -}}
{{- else -}}
{{- list (dict "matcher" "" "for" "10m") | toJson -}}
{{- end -}}
{{- end }}
