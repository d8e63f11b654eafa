import { z } from 'zod';
import { alertmanagerPayload } from '../plugins/alert-source/alertmanager/payload.ts';
import { pagerdutyIncident, pagerdutyPayload } from '../plugins/alert-source/pagerduty/payload.ts';
import { signedWebhookPayload } from '../plugins/alert-source/signed-webhook/payload.ts';
import { healthAnswer, incidentAnswer, incidentsAnswer, recordedAnswer, REFUSALS, refusedAnswer } from './answers.ts';
import { sourceName } from './config/schema.ts';

type Json = Readonly<Record<string, unknown>>;

const SCHEMAS = {
  AlertmanagerWebhook: alertmanagerPayload,
  PagerdutyWebhook: pagerdutyPayload,
  PagerdutyIncident: pagerdutyIncident,
  SignedWebhook: signedWebhookPayload,
  Recorded: recordedAnswer,
  Refused: refusedAnswer,
  Incident: incidentAnswer,
  Incidents: incidentsAnswer,
  Health: healthAnswer,
} as const;

/** JSON Schema 2020-12 is what OpenAPI 3.1 speaks; inside of a document the dialect is not named again. */
function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  return rest;
}
const content = (schema: Json): Json => ({ 'application/json': { schema } });
const ref = (name: keyof typeof SCHEMAS): Json => ({ $ref: `#/components/schemas/${name}` });
const retry = { 'Retry-After': { description: 'seconds', schema: { type: 'integer', minimum: 1 } } };

/** OpenAPI 3.1 of the api, made from the schemas that judge the requests. */
export function openApiDocument(): Json {
  const refusals = Object.entries(REFUSALS).map(([status, description]) => [
    status,
    { description, content: content(ref('Refused')), ...(['429', '503'].includes(status) ? { headers: retry } : {}) },
  ]);
  const readRefusals = Object.fromEntries(
    refusals.filter(([status]) => ['401', '404', '429', '500', '503'].includes(status as string)),
  ) as Json;
  return {
    openapi: '3.1.1',
    info: {
      title: 'Firebreak api',
      version: '1',
      description: 'Takes alerts, durably: a 200 means that each alert of the delivery has its execution in Temporal.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: {
      '/v1/alerts/{source}': {
        post: {
          operationId: 'deliverAlerts',
          summary: 'Deliver alerts; repeating a delivery is harmless',
          parameters: [
            {
              name: 'source',
              in: 'path',
              required: true,
              schema: jsonSchema(sourceName),
              description: 'as in api.toml',
            },
          ],
          security: [{ bearer: [] }, { client: [] }, { bearer: [], client: [] }, { pagerduty: [] }, { signed: [] }],
          requestBody: {
            required: true,
            description: 'In the form of the kind of the source.',
            content: content({ oneOf: [ref('AlertmanagerWebhook'), ref('PagerdutyWebhook'), ref('SignedWebhook')] }),
          },
          responses: {
            200: { description: 'Every alert is durable.', content: content(ref('Recorded')) },
            ...Object.fromEntries(refusals),
          },
        },
      },
      '/v1/incidents': {
        get: {
          operationId: 'listIncidents',
          summary: 'Incidents, newest first; no worker is needed to read them',
          parameters: [
            {
              name: 'limit',
              in: 'query',
              required: false,
              schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
            },
          ],
          security: [{ reader: [] }],
          responses: { 200: { description: 'The list.', content: content(ref('Incidents')) }, ...readRefusals },
        },
      },
      '/v1/incidents/{id}': {
        get: {
          operationId: 'showIncident',
          summary: 'What happened, what runs now, who must act next, by when',
          parameters: [
            {
              name: 'id',
              in: 'path',
              required: true,
              schema: { type: 'string', maxLength: 300 },
              description: 'incident/<network>/<key>, its slashes as %2F',
            },
          ],
          security: [{ reader: [] }],
          responses: { 200: { description: 'The incident.', content: content(ref('Incident')) }, ...readRefusals },
        },
      },
      '/openapi.json': {
        get: {
          operationId: 'openApi',
          summary: 'This document',
          responses: { 200: { description: 'OpenAPI 3.1', content: content({ type: 'object' }) } },
        },
      },
      '/health': {
        get: {
          operationId: 'health',
          summary: 'Whether alerts can be recorded now; on the port of metrics',
          responses: {
            200: { description: 'They can.', content: content(ref('Health')) },
            503: { description: 'They cannot.', content: content(ref('Health')) },
          },
        },
      },
      '/metrics': {
        get: {
          operationId: 'metrics',
          summary: 'Prometheus text format; on the port of metrics',
          responses: {
            200: { description: 'See metrics.md.', content: { 'text/plain': { schema: { type: 'string' } } } },
          },
        },
      },
    },
    components: {
      schemas: Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, jsonSchema(schema)])),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'sources of kind alertmanager' },
        client: {
          type: 'mutualTLS',
          description: 'sources of kind alertmanager that pin a client certificate; over TLS only',
        },
        reader: { type: 'http', scheme: 'bearer', description: 'readers of api.toml; they can change nothing' },
        pagerduty: {
          type: 'apiKey',
          in: 'header',
          name: 'X-PagerDuty-Signature',
          description: 'v1=HMAC-SHA256 of the body',
        },
        signed: {
          type: 'apiKey',
          in: 'header',
          name: 'Firebreak-Signature',
          description: 'v1=HMAC-SHA256 of "v1:<Firebreak-Timestamp>:<body>"; the timestamp is Unix seconds',
        },
      },
    },
  };
}
