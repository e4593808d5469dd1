{{/* contradictory values fail the rendering with a sentence */}}
{{- define "separation.validate" -}}
{{- $v := .Values -}}
{{- $apis := .Capabilities.APIVersions -}}
{{- if and $v.minio.enabled $v.externalS3.endpoint }}{{ fail "Both the bundled MinIO and an external S3 are set: set minio.enabled to false, or leave externalS3.endpoint empty." }}{{ end }}
{{- if not (or $v.minio.enabled $v.externalS3.endpoint) }}{{ fail "minio.enabled is false, so externalS3.endpoint must name the S3 to use, such as https://storage.googleapis.com." }}{{ end }}
{{- if and $v.externalS3.endpoint (not $v.externalS3.existingSecret) (not $v.externalS3.webIdentity) }}{{ fail "externalS3.existingSecret must name the Secret that holds the keys of externalS3.endpoint; on EKS, a role and externalS3.webIdentity stand for keys." }}{{ end }}
{{- if and $v.externalS3.webIdentity $v.externalS3.existingSecret }}{{ fail "externalS3.webIdentity stands for keys, but externalS3.existingSecret names some: leave one of them out." }}{{ end }}
{{- if and $v.externalS3.webIdentity $v.minio.enabled }}{{ fail "externalS3.webIdentity is for S3 of AWS, but the bundled MinIO is on: set minio.enabled to false, and name externalS3.endpoint." }}{{ end }}
{{- $sentinel := $v.externalRedis.sentinel }}
{{- if and $v.externalRedis.host $sentinel.hosts }}{{ fail "externalRedis.host and externalRedis.sentinel.hosts are set: with sentinels, leave the host empty." }}{{ end }}
{{- if and $sentinel.existingSecretKey (not $v.externalRedis.existingSecret) }}{{ fail "externalRedis.sentinel.existingSecretKey is a key of externalRedis.existingSecret, which is empty." }}{{ end }}
{{- if and $v.caBundle.existingConfigMap $v.caBundle.existingSecret }}{{ fail "caBundle names a ConfigMap and a Secret: leave one of them empty." }}{{ end }}
{{- if and $v.redis.enabled (or $v.externalRedis.host $sentinel.hosts) }}{{ fail "Both the bundled Redis and an external one are set: set redis.enabled to false, or leave externalRedis.host empty." }}{{ end }}
{{- if not (or $v.redis.enabled $v.externalRedis.host $sentinel.hosts) }}{{ fail "redis.enabled is false, so externalRedis.host must name the Redis to use, or externalRedis.sentinel.hosts its sentinels." }}{{ end }}
{{- if and $v.redis.enabled (or (ne $v.redis.architecture "standalone") (not $v.redis.auth.enabled)) }}{{ fail "The bundled Redis runs standalone and with a password: for anything else set redis.enabled to false and name yours in externalRedis." }}{{ end }}
{{- if and $v.minio.enabled (ne $v.minio.defaultBuckets $v.s3.bucket) }}{{ fail "minio.defaultBuckets must be the bucket of s3.bucket." }}{{ end }}
{{- if not (or $v.workers.cpu.enabled $v.workers.gpu.enabled) }}{{ fail "No worker pool is on, so no song would ever be separated: enable workers.cpu or workers.gpu." }}{{ end }}
{{- if and (eq $v.models.source "pvc") (not $v.models.existingClaim) }}{{ fail "models.source is pvc, so models.existingClaim must name the claim that the models lie on." }}{{ end }}
{{- if and (eq $v.models.source "image") (not $v.models.image) }}{{ fail "models.source is image, so models.image must name the image that holds the models." }}{{ end }}
{{- include "separation.validateLicences" . }}
{{- if and $v.ingress.enabled (not $v.ingress.host) (not $v.ingress.hosts) }}{{ fail "ingress.host or ingress.hosts must be set when ingress.enabled is true." }}{{ end }}
{{- if and $v.ingress.tlsSecret (not $v.ingress.host) }}{{ fail "ingress.tlsSecret is for ingress.host, which is empty: list the Secrets of ingress.hosts in ingress.tls." }}{{ end }}
{{- $service := $v.restServer.service }}
{{- if and (ne $service.type "LoadBalancer") (or $service.loadBalancerSourceRanges $service.loadBalancerClass) }}{{ fail "restServer.service.loadBalancerSourceRanges and loadBalancerClass need restServer.service.type LoadBalancer." }}{{ end }}
{{- if and (eq $service.type "ClusterIP") $service.externalTrafficPolicy }}{{ fail "restServer.service.externalTrafficPolicy needs restServer.service.type NodePort or LoadBalancer." }}{{ end }}
{{- if and $v.restServer.autoscaling.enabled (gt (int $v.restServer.autoscaling.minReplicas) (int $v.restServer.autoscaling.maxReplicas)) }}{{ fail "restServer.autoscaling.minReplicas is above its maxReplicas." }}{{ end }}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) }}{{ fail "httpRoute.parentRefs must name the Gateway when httpRoute.enabled is true." }}{{ end }}
{{- if and $v.httpRoute.enabled (not ($apis.Has "gateway.networking.k8s.io/v1")) }}{{ fail "httpRoute.enabled needs the Gateway API in the cluster (gateway.networking.k8s.io/v1)." }}{{ end }}
{{- if and (or $v.monitoring.serviceMonitor.enabled $v.monitoring.prometheusRule.enabled) (not ($apis.Has "monitoring.coreos.com/v1")) }}{{ fail "monitoring needs the Prometheus operator in the cluster (monitoring.coreos.com/v1): install it, or turn serviceMonitor and prometheusRule off." }}{{ end }}
{{- if and $v.restServer.service.nodePort (not (has $v.restServer.service.type (list "NodePort" "LoadBalancer"))) }}{{ fail "restServer.service.nodePort is set, so restServer.service.type must be NodePort or LoadBalancer." }}{{ end }}
{{- if and $v.workers.gpu.pools (not $v.workers.gpu.enabled) }}{{ fail "workers.gpu.pools is set, but workers.gpu.enabled is false: enable it, or leave pools empty." }}{{ end }}
{{- $names := list }}{{ range $v.workers.gpu.pools }}{{ $names = append $names .name }}{{ end }}
{{- if ne (len $names) (len (uniq $names)) }}{{ fail (printf "workers.gpu.pools has a name twice: %s." (join ", " $names)) }}{{ end }}
{{- range (include "separation.pools" . | fromJson).pools }}{{ include "separation.validatePool" (list $ .) }}{{ end }}
{{- include "separation.validateModelQueues" . }}
{{- include "separation.validateResources" (list "restServer" $v.restServer.resources "") }}
{{- include "separation.validateResources" (list "logs" $v.logs.resources "") }}
{{- end }}

{{/* each model goes into one queue */}}
{{- define "separation.validateModelQueues" -}}
{{- $pools := (include "separation.pools" . | fromJson).pools -}}
{{- $queues := dict -}}
{{- $served := false -}}
{{- range $pool := $pools }}
{{- if not $pool.own.models }}{{ $served = true }}{{ end -}}
{{- range $pool.own.models }}
{{- $other := get $queues . | default $pool -}}
{{- if ne $other.queue $pool.queue }}{{ fail (printf "The model %s is in %s.models and in %s.models, and these lists differ: give both pools the same list, or leave the model out of one." . $other.path $pool.path) }}{{ end -}}
{{- $_ := set $queues . $pool -}}
{{- end }}
{{- end }}
{{- range prepend .Values.models.also .Values.models.default }}
{{- if not (or $served (hasKey $queues .)) }}{{ fail (printf "No pool has the model %s of models.default or models.also: add it to the models of a pool, or leave those of one pool empty." .) }}{{ end -}}
{{- end }}
{{- end }}

{{- define "separation.validatePool" -}}
{{- $apis := (index . 0).Capabilities.APIVersions -}}
{{- $path := (index . 1).path -}}
{{- $gpu := (index . 1).gpu -}}
{{- $pool := (index . 1).own -}}
{{- $scale := $pool.autoscaling -}}
{{- if and $gpu (not (or $pool.accelerator $pool.nodeSelector $pool.runtimeClassName)) }}{{ fail (printf "%s: its GPU class must be named: %s.accelerator (GKE, such as nvidia-l4), or nodeSelector or runtimeClassName elsewhere." $path $path) }}{{ end }}
{{- if and $gpu (gt (int $pool.gpus) 1) (contains "/mig-" $pool.gpuResource) }}{{ fail (printf "%s.gpus is above 1, but a process sees one MIG slice only: set gpus to 1, and run more pods." $path) }}{{ end }}
{{- if and (eq $scale.mode "keda") (not ($apis.Has "keda.sh/v1alpha1")) }}{{ fail (printf "%s.autoscaling.mode is keda, but the cluster has no KEDA (keda.sh/v1alpha1): install it, or choose none or hpa." $path) }}{{ end }}
{{- if and $gpu (eq $scale.mode "hpa") }}{{ fail (printf "%s.autoscaling.mode hpa counts CPU, which says nothing about a GPU: choose keda or none." $path) }}{{ end }}
{{- if and (eq $scale.mode "hpa") (lt (int $scale.minReplicas) 1) }}{{ fail (printf "%s.autoscaling.minReplicas 0 needs mode keda: an hpa cannot start from nothing." $path) }}{{ end }}
{{- if gt (int $scale.minReplicas) (int $scale.maxReplicas) }}{{ fail (printf "%s.autoscaling.minReplicas is above its maxReplicas." $path) }}{{ end }}
{{- $auto := dig "resources" "requests" "cpu" "" $pool | toString | eq "auto" -}}
{{- include "separation.validateResources" (list $path (index . 1).settings.resources (ternary " (computed, because it is auto)" "" $auto)) }}
{{- end }}
