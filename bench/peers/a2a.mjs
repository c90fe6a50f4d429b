/** The A2A SDK as its readme mounts it, on Express: the caller sends a message, the agent answers with one. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { AGENT_CARD_PATH } from '@a2a-js/sdk';
import { ClientFactory } from '@a2a-js/sdk/client';
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server';
import { jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import express from 'express';
import { PARAMS, RESULT } from './reference.mjs';
import { listening, play } from './role.mjs';

const ROLE_USER = 1;
const ROLE_AGENT = 2;

await play({
  async agent() {
    const app = express();
    const url = await listening(createServer(app), 'http');
    const card = cardOf(url);
    const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), { execute, cancelTask });
    app.get(`/${AGENT_CARD_PATH}`, (_request, response) => response.json(card));
    app.use(jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
    return url;
  },
  async load(address) {
    const client = await new ClientFactory().createFromAgentCard(cardOf(address));
    const configuration = { acceptedOutputModes: [], historyLength: undefined, returnImmediately: false };
    return async () => {
      const message = messageOf(PARAMS, ROLE_USER, '');
      const answer = await client.sendMessage({ tenant: '', message, configuration, metadata: undefined });
      return (answer.parts ?? answer.message.parts)[0].content.value;
    };
  },
});

async function execute({ contextId }, bus) {
  bus.publish(AgentEvent.message(messageOf(RESULT, ROLE_AGENT, contextId)));
  bus.finished();
}

async function cancelTask() {}

function messageOf(value, role, contextId) {
  const parts = [{ content: { $case: 'data', value }, metadata: undefined, filename: '', mediaType: '' }];
  const ids = { messageId: randomUUID(), contextId, taskId: '' };
  return { ...ids, role, parts, metadata: undefined, extensions: [], referenceTaskIds: [] };
}

function cardOf(url) {
  return {
    name: 'Reference agent',
    description: 'One skill, one answer.',
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', tenant: '', protocolVersion: '1.0' }],
    provider: undefined,
    version: '1.0.0',
    capabilities: { streaming: false, pushNotifications: false, extensions: [] },
    securitySchemes: {},
    securityRequirements: [],
    defaultInputModes: ['application/json'],
    defaultOutputModes: ['application/json'],
    skills: [],
    signatures: [],
  };
}
