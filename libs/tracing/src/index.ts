// OpenTelemetry traces of a song, from its upload to its stems.
// loads nothing of OpenTelemetry unless an endpoint is set.
export { isTraceparent } from './traceparent.js';
export { addSpan, annotateSpan, inSpan, traceId, traceparent } from './tracing.js';
export { TracingModule } from './tracing.module.js';
