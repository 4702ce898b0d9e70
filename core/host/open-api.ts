import { OpenAPIGenerator, type OpenAPI } from '@orpc/openapi'
import type { AnyContractRouter } from '@orpc/contract'
import type { AnyRouter } from '@orpc/server'
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4'

/** The OpenAPI 3.1 document of a router's REST routes. */
export async function generateOpenApiDocument(
  router: AnyRouter | AnyContractRouter,
  version: string,
): Promise<OpenAPI.Document> {
  return generator.generate(router, {
    info: {
      title: 'Quarry',
      version,
      description:
        'Every procedure of the Quarry contract. Streams are server-sent events. Errors have the body `{"error": {"code", "message", "retryable", "details"}}`.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  })
}

const generator = new OpenAPIGenerator({
  schemaConverters: [
    new ZodToJsonSchemaConverter({
      interceptors: [
        (options) => {
          // `z.instanceof(Blob)`: zod keeps the class here and says nothing else about it.
          if (options.schema._zod.bag['Class'] !== Blob) return options.next()
          return [true, { type: 'string', contentMediaType: 'application/octet-stream' }]
        },
      ],
    }),
  ],
})
