/** grpc-js with protobuf at all four ends. */
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { PARAMS, RESULT } from './reference.mjs';
import { play } from './role.mjs';

const file = fileURLToPath(new URL('threat.proto', import.meta.url));
const { Threat } = grpc.loadPackageDefinition(loadSync(file, { keepCase: true })).bench;

await play({
  agent: () => serve(async () => RESULT),
  router(address) {
    const ask = client(address);
    return serve(ask);
  },
  load(address) {
    const ask = client(address);
    return () => ask(PARAMS);
  },
});

function serve(analyze) {
  const server = new grpc.Server();
  server.addService(Threat.service, {
    AnalyzeThreat: (call, answer) =>
      analyze(call.request).then(
        (result) => answer(null, result),
        (error) => answer(error),
      ),
  });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(`127.0.0.1:${port}`);
    });
  });
}

function client(address) {
  const stub = new Threat(address, grpc.credentials.createInsecure());
  return (params) =>
    new Promise((resolve, reject) => {
      stub.AnalyzeThreat(params, (error, result) => (error ? reject(error) : resolve(result)));
    });
}
