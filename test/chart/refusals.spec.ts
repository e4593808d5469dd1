import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeChart, helm } from './cases.js';
import { Chart } from './chart.js';

describeChart('contradicting values', () => {
  let chart: Chart;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
  });

  afterAll(() => chart.close());

  it.each([
    [['workers.gpu.enabled=true'], 'its GPU class must be named: workers.gpu.accelerator'],
    [
      ['workers.gpu.enabled=true', 'workers.gpu.pools[0].name=l4'],
      'workers.gpu.pools (l4): its GPU class must be named',
    ],
    [['workers.gpu.pools[0].name=l4'], 'workers.gpu.pools is set, but workers.gpu.enabled is false'],
    [
      [
        'workers.gpu.enabled=true',
        'workers.gpu.accelerator=nvidia-l4',
        'workers.gpu.pools[0].name=l4',
        'workers.gpu.pools[1].name=l4',
      ],
      'workers.gpu.pools has a name twice: l4, l4',
    ],
    [['workers.cpu.autoscaling.mode=keda'], 'but the cluster has no KEDA (keda.sh/v1alpha1): install it'],
    [['minio.enabled=false'], 'externalS3.endpoint must name the S3 to use'],
    [['externalS3.endpoint=https://s3.example.org'], 'Both the bundled MinIO and an external S3 are set'],
    [['minio.enabled=false', 'externalS3.endpoint=https://s3.example.org'], 'externalS3.existingSecret must name'],
    [['externalS3.webIdentity=true'], 'but the bundled MinIO is on'],
    [
      [
        'minio.enabled=false',
        'externalS3.endpoint=https://s3.example.org',
        'externalS3.webIdentity=true',
        'externalS3.existingSecret=keys',
      ],
      'externalS3.webIdentity stands for keys',
    ],
    [['redis.enabled=false'], 'externalRedis.host must name the Redis to use'],
    [['externalRedis.host=redis.example.org'], 'Both the bundled Redis and an external one are set'],
    [
      ['redis.enabled=false', 'externalRedis.host=redis', 'externalRedis.sentinel.hosts={s0:26379}'],
      'with sentinels, leave the host empty',
    ],
    [['externalRedis.sentinel.hosts={s0:26379}'], 'Both the bundled Redis and an external one are set'],
    [
      ['redis.enabled=false', 'externalRedis.sentinel.hosts={s0}', 'externalRedis.sentinel.existingSecretKey=pw'],
      'is a key of externalRedis.existingSecret, which is empty',
    ],
    [['caBundle.existingConfigMap=a', 'caBundle.existingSecret=b'], 'caBundle names a ConfigMap and a Secret'],
    [['redis.architecture=replication'], 'The bundled Redis runs standalone'],
    [['s3.bucket=songs'], 'minio.defaultBuckets must be the bucket of s3.bucket'],
    [['workers.cpu.enabled=false'], 'No worker pool is on'],
    [['models.source=pvc'], 'models.existingClaim must name the claim'],
    [['models.source=image'], 'models.image must name the image'],
    [['models.licences={permissive,own}'], 'The license of the model htdemucs is none-stated'],
    [['models.licences={none-stated}', 'models.also={mine}'], 'The license of the model mine is own (your own model)'],
    [['models.acceptLicences={copyleft}'], 'add this class to models.acceptLicences to accept it'],
    [['ingress.enabled=true'], 'ingress.host or ingress.hosts must be set'],
    [
      ['ingress.tlsSecret=tls', 'ingress.hosts[0].host=a.example.com'],
      'list the Secrets of ingress.hosts in ingress.tls',
    ],
    [['restServer.service.loadBalancerClass=internal'], 'need restServer.service.type LoadBalancer'],
    [
      ['restServer.service.type=ClusterIP', 'restServer.service.externalTrafficPolicy=Local'],
      'externalTrafficPolicy needs restServer.service.type NodePort or LoadBalancer',
    ],
    [
      ['restServer.autoscaling.enabled=true', 'restServer.autoscaling.minReplicas=20'],
      'restServer.autoscaling.minReplicas is above its maxReplicas',
    ],
    [['httpRoute.enabled=true'], 'httpRoute.parentRefs must name the Gateway'],
    [['httpRoute.enabled=true', 'httpRoute.parentRefs[0].name=gateway'], 'needs the Gateway API in the cluster'],
    [['monitoring.serviceMonitor.enabled=true'], 'needs the Prometheus operator in the cluster'],
    [['restServer.service.type=ClusterIP', 'restServer.service.nodePort=30080'], 'must be NodePort or LoadBalancer'],
    [
      ['workers.gpu.enabled=true', 'workers.gpu.accelerator=nvidia-l4', 'workers.gpu.autoscaling.mode=hpa'],
      'says nothing about a GPU',
    ],
    [['workers.cpu.autoscaling.mode=hpa', 'workers.cpu.autoscaling.minReplicas=0'], 'an hpa cannot start from nothing'],
    [
      [
        'workers.cpu.models={best,demo}',
        'workers.gpu.enabled=true',
        'workers.gpu.accelerator=a',
        'workers.gpu.models={best}',
      ],
      'The model best is in workers.cpu.models and in workers.gpu.models, and these lists differ',
    ],
    [
      [
        'workers.gpu.enabled=true',
        'workers.gpu.runtimeClassName=nvidia',
        'workers.gpu.gpus=2',
        'workers.gpu.gpuResource=nvidia.com/mig-1g.10gb',
      ],
      'workers.gpu.gpus is above 1, but a process sees one MIG slice only',
    ],
    [['workers.cpu.models={best}'], 'No pool has the model htdemucs of models.default or models.also'],
    [['workers.cpu.models={htdemucs}', 'models.also={htdemucs_ft}'], 'No pool has the model htdemucs_ft'],
    [
      ['workers.cpu.models={htdemucs,melband_roformer_kim,mine}', 'models.licences={none-stated}'],
      'The license of the model',
    ],
    [['commonLabels.app\\.kubernetes\\.io/name=mine'], 'The label app.kubernetes.io/name belongs to the chart'],
    [['logs.podLabels.helm\\.sh/chart=mine'], 'The label helm.sh/chart belongs to the chart'],
    [['workers.cpu.autoscaling.minReplicas=9'], 'minReplicas is above its maxReplicas'],
    [
      ['workers.cpu.resources.limits.cpu=1500m'],
      'workers.cpu.resources.requests.cpu is 2, above limits.cpu, which is 1500m: raise the limit',
    ],
    [['restServer.resources.limits.memory=200M'], 'restServer.resources.requests.memory is 256Mi, above limits.memory'],
    [['logs.resources.limits.memory=100000000'], 'requests.memory is 96Mi, above limits.memory, which is 100000000'],
  ])('%j are refused with a message', async (set, message) => {
    await expect(chart.render({ set, apis: [] })).rejects.toThrow(message);
  });

  it.each([
    ['workers.cpu.replica=3', 'replica'],
    ['restserver.replicas=3', 'restserver'],
    ['podDefaults.toleration=x', 'toleration'],
    ['restServer.nodeSelectors.a=b', 'nodeSelectors'],
    ['workers.cpu.podLabel.a=b', 'podLabel'],
    ['logs.serviceAccount.anotations.a=b', 'anotations'],
    ['podDefaults.extraEnv[0].key=TZ', '/podDefaults/extraEnv/0'],
    ['fullnameOverride=Songs', '/fullnameOverride'],
    ['global.compatibility.openshift.adaptSecurityContext=yes', '/global/compatibility/openshift'],
    ['ingress.hosts[0].name=a.example.com', '/ingress/hosts/0'],
    ['restServer.service.loadBalancerSourceRanges={office}', '/restServer/service/loadBalancerSourceRanges/0'],
    ['networkPolicy.toInternet.port=443', 'port'],
    ['workers.cpu.autoscaling.behavior.scaledown.policies={}', 'scaledown'],
    ['workers.gpu.pools[0].acelerator=nvidia-l4', 'acelerator'],
    ['workers.gpu.pools[0].models={a:b}', '/workers/gpu/pools/0/models/0'],
    ['workers.gpu.pools[0].name=Big', '/workers/gpu/pools/0/name'],
    ['config.logLevel=loud', '/config/logLevel'],
    ['models.source=ftp', '/models/source'],
    ['models.licences={free}', '/models/licences'],
    ['externalS3.endpoint=s3.example.org', '/externalS3/endpoint'],
    ['workers.cpu.precision=tf32', '/workers/cpu/precision'],
    ['workers.cpu.scratchSizeLimit=much', '/workers/cpu/scratchSizeLimit'],
    ['workers.cpu.resources.requests.cpu=auto', '/workers/cpu/resources/requests/cpu'],
    ['restServer.resources.requests.cpu=auto', '/restServer/resources/requests/cpu'],
    ['workers.gpu.resources.requests.memory=auto', '/workers/gpu/resources/requests/memory'],
    ['workers.gpu.resources.limits.cpu=auto', '/workers/gpu/resources/limits/cpu'],
  ])('the schema refuses %s and names it', async (assignment, named) => {
    await expect(chart.render({ set: [assignment] })).rejects.toThrow(named);
  });

  // the other cases need APIs of operators, and helm lint has no option for them
  it.each(['default', 'cpu-only', 'ingress'])(
    'helm lint --strict has nothing to say on the case %s',
    async (values) => {
      await expect(chart.lint(values)).resolves.toBeUndefined();
    },
  );
});
