import protobuf from 'protobufjs'

/**
 * The messages of OTLP 1.x as they are published (opentelemetry-proto: trace, common, resource and the trace service), for a
 * decoder that has nothing in common with what wrote them.
 */
const published = `
syntax = "proto3";
package opentelemetry;
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message InstrumentationScope {
  string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
}
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; fixed32 flags = 16;
  string name = 5;
  enum SpanKind {
    SPAN_KIND_UNSPECIFIED = 0; SPAN_KIND_INTERNAL = 1; SPAN_KIND_SERVER = 2; SPAN_KIND_CLIENT = 3;
    SPAN_KIND_PRODUCER = 4; SPAN_KIND_CONSUMER = 5;
  }
  SpanKind kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped = 4; }
  repeated Event events = 11; uint32 dropped_events_count = 12;
  message Link {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; uint32 dropped = 5;
    fixed32 flags = 6;
  }
  repeated Link links = 13; uint32 dropped_links_count = 14;
  Status status = 15;
}
message Status {
  string message = 2;
  enum StatusCode { STATUS_CODE_UNSET = 0; STATUS_CODE_OK = 1; STATUS_CODE_ERROR = 2; }
  StatusCode code = 3;
}
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
`
const { root } = protobuf.parse(published)
const request = root.lookupType('opentelemetry.ExportTraceServiceRequest')
const response = root.lookupType('opentelemetry.ExportTraceServiceResponse')

export interface ReceivedSpan {
  traceId: string
  spanId: string
  /** '' where it has none. */
  parentSpanId: string
  name: string
  kind: string
  startTimeUnixNano: bigint
  endTimeUnixNano: bigint
  status: { code?: string; message?: string }
  attributes: Record<string, unknown>
  resource: Record<string, unknown>
  scope: { name?: string; version?: string }
}

export function decodeSpans(bytes: Uint8Array): ReceivedSpan[] {
  const message = request.toObject(request.decode(bytes), { longs: String, enums: String, bytes: String }) as Wire
  return (message.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ scope = {}, spans = [] }) =>
      spans.map((span) => ({
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId ?? ''),
        name: span.name,
        kind: span.kind,
        startTimeUnixNano: BigInt(span.startTimeUnixNano),
        endTimeUnixNano: BigInt(span.endTimeUnixNano),
        status: span.status ?? {},
        attributes: values(span.attributes),
        resource: values(resource?.attributes),
        scope,
      })),
    ),
  )
}

export function encodePartialSuccess(rejectedSpans: number, errorMessage: string): Uint8Array {
  return response.encode(response.fromObject({ partialSuccess: { rejectedSpans, errorMessage } })).finish()
}

interface Wire {
  resourceSpans?: {
    resource?: { attributes?: WireAttribute[] }
    scopeSpans?: { scope?: object; spans?: WireSpan[] }[]
  }[]
}
interface WireSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  status?: { code?: string; message?: string }
  attributes?: WireAttribute[]
}
interface WireAttribute {
  key: string
  value: WireValue
}
interface WireValue {
  stringValue?: string
  boolValue?: boolean
  intValue?: string
  doubleValue?: number
  arrayValue?: { values?: WireValue[] }
}

function values(attributes: WireAttribute[] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]))
}

function valueOf({ stringValue, boolValue, intValue, doubleValue, arrayValue }: WireValue): unknown {
  if (arrayValue) return (arrayValue.values ?? []).map(valueOf)
  return stringValue ?? boolValue ?? doubleValue ?? (intValue === undefined ? undefined : Number(intValue))
}

/** `bytes: String` gives base64. */
const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex')
