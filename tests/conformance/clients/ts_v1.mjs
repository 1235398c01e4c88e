// The TypeScript SDK 1.x, once as a client that can be asked and once as one that cannot.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { walk } from './walk.mjs';

async function connected(capabilities) {
  const client = new Client({ name: 'ts-v1', version: '1' }, { capabilities });
  if (capabilities.elicitation) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
      action: 'accept',
      content: { name: params.message.split("'")[1] },
    }));
  }
  await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
  return client;
}

const asked = await connected({ elicitation: {} });
assert.equal(await walk(asked), 'person');
await asked.close();
const silent = await connected({});
assert.equal(await walk(silent), 'token');
await silent.close();
