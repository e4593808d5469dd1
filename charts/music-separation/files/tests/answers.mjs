// rest-server answers through its Service, and reaches Redis and the bucket
const answer = await fetch(`${process.env.SERVER}/health/ready`, { signal: AbortSignal.timeout(10_000) });
console.log(answer.status, await answer.text());
process.exitCode = answer.ok ? 0 : 1;
