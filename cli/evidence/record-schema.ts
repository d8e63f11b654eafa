import { z } from 'zod';
import {
  type AuditKind,
  type AuditRecord,
  BY_CHARACTERS_MAX,
  DOCUMENT_ROLES,
  DOCUMENTS_MAX,
  RECORDS_MAX,
} from '../../domain/audit/record.ts';
import {
  AT_MS_MAX,
  AUDIT_KINDS,
  DOCUMENT_BYTES_MAX,
  factsFault,
  TEXT_CHARACTERS_MAX,
} from '../../domain/audit/shape.ts';
import { ENVIRONMENTS } from '../../domain/network/network.ts';

export const digestOfHex = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal characters');
export const whole = z.int().min(0);
const text = z
  .string()
  .max(TEXT_CHARACTERS_MAX)
  .refine((value) => value.isWellFormed(), 'must be well-formed Unicode');

export const documentName = {
  what: z.enum(DOCUMENT_ROLES),
  digest: digestOfHex,
  sizeBytes: whole.max(DOCUMENT_BYTES_MAX),
};

export const recordSchema = z
  .strictObject({
    version: z.literal(1),
    environment: z.enum(ENVIRONMENTS as unknown as readonly [string, ...string[]]),
    network: text,
    incident: text,
    count: z.int().min(1).max(RECORDS_MAX),
    previous: digestOfHex,
    kind: z.enum(AUDIT_KINDS as [AuditKind, ...AuditKind[]]),
    facts: z.unknown(),
    atMs: whole.max(AT_MS_MAX),
    by: text.max(BY_CHARACTERS_MAX),
    playbook: digestOfHex.optional(),
    documents: z.array(z.strictObject(documentName)).max(DOCUMENTS_MAX),
  })
  .superRefine(({ kind, facts }, context) => {
    const field = factsFault(kind, facts);
    if (field === undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['facts', ...(field === '' ? [] : [field])],
      message: `has not the shape that ${kind} has`,
    });
  }) as unknown as z.ZodType<AuditRecord>;
