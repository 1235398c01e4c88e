// The TypeScript SDK 2.x, in both protocol eras.
import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { walk } from './walk.mjs';

for (const options of [{}, { versionNegotiation: { mode: 'auto' } }]) {
  const client = new Client({ name: 'ts-v2', version: '1' }, { capabilities: { elicitation: {} }, ...options });
  client.setRequestHandler('elicitation/create', ({ params }) => ({
    action: 'accept',
    content: { name: params.message.split("'")[1] },
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
  assert.equal(await walk(client), 'person');
  await client.close();
}
