/** Command lines of ordinary days: administrators, developers, and what systems and their products start by themselves. */

/** Typed or scheduled on Linux. */
export const LINUX_DAYS = String.raw`
systemctl status auditd
systemctl status rsyslog.service --no-pager
sudo systemctl restart rsyslog
sudo systemctl restart nginx
sudo systemctl reload apache2
systemctl is-active auditd
systemctl list-timers --all
systemctl list-units --type=service --state=running
sudo systemctl enable --now docker
sudo systemctl stop myapp.service
sudo systemctl daemon-reload
systemctl cat sshd.service
service ssh status
journalctl -u nginx --since today
journalctl -u auditd -n 50 --no-pager
journalctl -xe
journalctl --disk-usage
sudo journalctl --vacuum-time=14d
less /etc/rsyslog.conf
cat /etc/rsyslog.conf
vim /etc/rsyslog.d/50-default.conf
less /var/log/auth.log
tail -f /var/log/syslog
sudo tail -n 200 /var/log/secure
grep -i error /var/log/messages
zcat /var/log/syslog.2.gz | grep oom
find /var/log -name '*.gz' -mtime +30
ls -la ~/.ssh
ls -l /etc/ssl/certs
ls /var/log/audit
ssh-keygen -t ed25519
ssh-keygen -lf ~/.ssh/id_ed25519.pub
cat ~/.ssh/id_ed25519.pub
ssh-copy-id -i ~/.ssh/id_ed25519.pub deploy@web1
ssh-add ~/.ssh/id_ed25519
ssh deploy@web1.example.com
ssh -i ~/.ssh/deploy_key ubuntu@10.0.0.5
ssh -p 2222 git@git.example.com
ssh web1 'df -h; uptime'
scp build.tar.gz deploy@web1:/srv/app/
rsync -avz --delete ./public/ deploy@web1:/srv/www/
rsync -a /home/ /mnt/backup/home/
id
whoami
uname -a
hostname -f
ps aux
ps -ef | grep java
netstat -tlnp
ss -tulpn
ip addr show
ip route
df -h
du -sh /var/*
free -m
uptime
last -n 20
w
crontab -l
crontab -e
lsof -i :8080
top -b -n 1
dmesg | tail
lsblk
mount | column -t
cat /etc/os-release
cat /etc/passwd
getent group docker
curl -fsSL https://download.docker.com/linux/ubuntu/gpg | gpg --dearmor -o /etc/apt/keyrings/docker.gpg
wget -qO - https://artifacts.elastic.co/GPG-KEY-elasticsearch | sudo apt-key add -
iptables-save > /etc/iptables/rules.v4
chmod 600 /root/.ssh/authorized_keys
mysqldump --single-transaction --all-databases -u backup | gzip > /var/backups/mysql.sql.gz
openssl s_client -connect mail.example.com:465 -brief
python3 -c "import json,sys; print(json.load(sys.stdin)['version'])"
docker run -d --name node-exporter --net=host --pid=host -v /:/host:ro,rslave quay.io/prometheus/node-exporter --path.rootfs=/host
docker run -d --name=dd-agent -v /var/run/docker.sock:/var/run/docker.sock:ro -v /proc/:/host/proc/:ro gcr.io/datadoghq/agent:7
kubectl drain node-3 --ignore-daemonsets --delete-emptydir-data
kubectl create secret generic db --from-env-file=db.env -n prod
groups
docker ps -a
docker build -t app:latest .
docker run --rm -it node:20 bash
docker exec -it web sh
docker compose up -d
docker compose logs -f web
docker logs --tail 100 db
docker system prune -f
docker pull postgres:16
docker image ls
podman run -d --name db -p 5432:5432 postgres:16
kubectl get pods -A
kubectl get secrets -n prod
kubectl describe pod web-0
kubectl apply -f deploy.yaml
kubectl logs -f deploy/web
kubectl exec -it web-0 -- sh
kubectl rollout restart deployment/web
helm upgrade --install web ./chart -n prod
git clone https://github.com/a/b.git
git pull --rebase
git commit -m "disable sysmon noise in tests, remove splunk forwarder docs"
git log --oneline -20
git push origin main
git checkout -b fix/defender-exclusion-docs
git diff HEAD~1 -- docs/wazuh.md
git grep -n "mimikatz"
npm ci
npm run build
npm install --save-dev vitest
npx tsc --noEmit
node server.js
yarn install --frozen-lockfile
pip install -r requirements.txt
python3 -m venv .venv
python3 -m http.server 8000
python3 manage.py migrate
pytest -q tests/
make -j4
gcc -O2 -o hello hello.c
go build ./...
go test ./...
cargo build --release
mvn -q package
./gradlew assemble
chmod +x build.sh
chmod 644 index.html
chmod 600 ~/.ssh/id_ed25519
chmod -R 755 /srv/www
chown -R www-data:www-data /srv/www
sudo apt update
sudo apt-get install -y nginx
sudo apt-get remove -y apache2
sudo apt install auditd
sudo apt-get install -y clamav clamav-daemon
sudo apt-get purge -y linux-image-5.4.0-42-generic
apt-cache policy openssl
dpkg -l | grep sysmon
dpkg -i wazuh-agent_4.9.0-1_amd64.deb
sudo yum -y update
sudo yum install -y epel-release
sudo dnf install -y audit
rpm -qa | grep falcon
rpm -q rsyslog
sudo snap refresh
curl -fsS https://web1.example.com/healthz
curl -s http://localhost:8080/health
curl -I https://www.example.com
curl -sSL https://install.python-poetry.org -o poetry.py
wget https://nodejs.org/dist/v20.11.0/node-v20.11.0-linux-x64.tar.xz
wget -q -O - https://packages.example.com/key.asc | sudo apt-key add -
curl -fsSL https://download.docker.com/linux/ubuntu/gpg | sudo gpg --dearmor -o /etc/apt/keyrings/docker.gpg
tar czf /backup/home-$(date +%F).tar.gz /home
tar xzf node-v20.tar.gz
tar -xf release.tar
gzip access.log.1
gunzip dump.sql.gz
unzip build.zip -d /srv/app
zip -r site.zip public/
pg_dump -Fc app > /backup/app.dump
mysqldump --single-transaction app > app.sql
psql -h db1 -U app -c 'select 1'
redis-cli ping
openssl x509 -in server.crt -noout -dates
openssl x509 -in /etc/ssl/certs/site.pem -text
openssl req -new -key site.key -out site.csr
openssl s_client -connect www.example.com:443
openssl rand -hex 32
openssl dgst -sha256 file.iso
sha256sum *.iso
certbot renew --dry-run
nginx -t
sudo nano /etc/nginx/sites-available/default
sudo vim /etc/ssh/sshd_config
visudo -c
sudo -l
sudo -i
su - deploy
sudo ufw status
sudo ufw allow 443/tcp
sudo iptables -L -n -v
firewall-cmd --list-all
useradd -r -s /usr/sbin/nologin prometheus
/usr/sbin/useradd -m -u 1002 -c managed-by-puppet deploy
usermod -aG docker deploy
passwd
ansible-playbook -i hosts site.yml
puppet agent --test
salt-call state.apply
terraform plan -out tf.plan
aws s3 ls
aws sts get-caller-identity
ping -c 4 8.8.8.8
ping -c 1 gateway
traceroute example.com
dig example.com MX
nslookup web1.example.com
echo "export EDITOR=vim" >> ~/.bashrc
source ~/.bashrc
export PATH=$PATH:/usr/local/go/bin
history | tail -50
man auditctl
which mimikatz
auditctl -l
ausearch -k passwd_changes
aureport --summary
getenforce
sestatus
aa-status
sudo tcpdump -i eth0 port 53 -c 20
kill 4242
kill -9 4242
pkill -f gunicorn
rm -rf node_modules dist
rm -f /tmp/build.lock
mkdir -p ~/.config/app
cp .env.example .env
mv app.conf app.conf.bak
ln -s /etc/nginx/sites-available/app /etc/nginx/sites-enabled/app
touch README.md
touch -m .stamp
date
sudo timedatectl set-timezone Europe/Berlin
sudo hostnamectl set-hostname web2
sudo reboot
sudo shutdown -r now
base64 -w0 kubeconfig
echo aGVsbG8= | base64 -d
sed -i 's/listen 80/listen 8080/' nginx.conf
awk '{print $1}' access.log | sort | uniq -c | sort -rn | head
xargs -n1 -P4 gzip < list.txt
find . -name '*.ts' | xargs grep -l TODO
find . -name '*.pem' -not -path './node_modules/*'
screen -ls
tmux new -s deploy
watch -n 5 'ps aux | grep import'
env | sort
strace -p 4242
logrotate -f /etc/logrotate.conf
/usr/sbin/logrotate /etc/logrotate.conf
/usr/lib/systemd/systemd-journald
/usr/sbin/rsyslogd -n -iNONE
/sbin/auditd
/opt/CrowdStrike/falcond
/opt/splunkforwarder/bin/splunk status
/opt/splunkforwarder/bin/splunk restart
/usr/bin/filebeat test config
/var/ossec/bin/wazuh-control status
/var/ossec/bin/wazuh-control start
freshclam
clamscan -r /home --remove=no
run-parts --report /etc/cron.hourly
command -v debian-sa1 > /dev/null && debian-sa1 1 1
[ -x /usr/lib/php/sessionclean ] && /usr/lib/php/sessionclean
`;

/** Typed on a Mac, or started by it. */
export const MAC_DAYS = String.raw`
brew update
brew install jq
brew services restart postgresql@16
brew uninstall wget
softwareupdate -l
sw_vers
system_profiler SPHardwareDataType
defaults read com.apple.dock
defaults write com.apple.finder AppleShowAllFiles -bool true
launchctl list
launchctl print system
launchctl kickstart -k gui/501/com.example.agent
open -a Safari https://example.com
pbcopy < ~/.ssh/id_ed25519.pub
networksetup -listallhardwareports
ifconfig en0
scutil --dns
diskutil list
log show --last 5m --predicate 'process == "sshd"'
xcode-select --install
xcodebuild -scheme App build
codesign -dv /Applications/App.app
spctl --assess --verbose /Applications/App.app
xattr -l download.dmg
security find-identity -v -p codesigning
csrutil status
tmutil listbackups
caffeinate -d
mdfind invoice
ls -la ~/Library/LaunchAgents
cat ~/Library/LaunchAgents/com.example.agent.plist
osascript -e 'display notification "Build done"'
screencapture -i shot.png
say done
/usr/libexec/xpcproxy com.apple.mdworker
/Library/Application Support/JAMF/bin/jamf policy
`;

/** Typed on Windows, or run by scripts of its administrators. */
export const WINDOWS_DAYS = String.raw`
sc query windefend
sc query
sc.exe qc sysmon
sc start wuauserv
net stop spooler
net start spooler
net use Z: \\fileserver\share
net user
net localgroup administrators
powershell.exe -command Get-Service sysmon
powershell.exe Start-Service WinDefend
powershell Get-MpComputerStatus; Get-MpPreference
powershell -NoProfile -Command "Update-MpSignature"
powershell -Command "Start-MpScan -ScanType QuickScan"
powershell Get-Process | Sort-Object CPU
powershell Get-EventLog -LogName System -Newest 20
powershell Get-WinEvent -LogName Security -MaxEvents 10
powershell Get-ChildItem C:\inetpub -Recurse
powershell Get-NetFirewallRule -Enabled True
powershell Get-NetFirewallProfile
powershell Get-ADUser -Filter * -SearchBase OU=Staff
powershell Restart-Service Spooler
powershell -File C:\Scripts\backup.ps1
powershell -ExecutionPolicy Bypass -File C:\Scripts\inventory.ps1
powershell Get-ExecutionPolicy -List
powershell Test-NetConnection web1 -Port 443
powershell Get-Acl C:\Data
powershell Get-ScheduledTask
powershell Compress-Archive -Path C:\Logs -DestinationPath D:\Backup\logs.zip
powershell Get-FileHash setup.exe
powershell Install-Module Pester -Scope CurrentUser
powershell Invoke-WebRequest https://nodejs.org/dist/index.json -OutFile index.json
powershell Get-PSReadLineOption
powershell Get-BitLockerVolume
powershell Get-AppxPackage
powershell Import-Module ActiveDirectory
powershell Select-String -Path C:\logs\*.log -Pattern error
tasklist
tasklist /svc
tasklist | findstr /i sysmon
taskkill /im notepad.exe
taskkill /f /pid 4242
wmic os get Caption,Version
wmic logicaldisk get size,freespace
wmic product get name
dism /online /cleanup-image /restorehealth
dism /online /get-features
sfc /scannow
chkdsk C: /scan
schtasks /query /fo list
schtasks /query /tn "\Microsoft\Windows\Windows Defender\Windows Defender Scheduled Scan"
schtasks /run /tn Backup
reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion
reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows Defender"
reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run
certutil -hashfile setup.exe SHA256
certutil -dump site.cer
certutil -verify site.cer
certutil -store my
bitsadmin /list /allusers
netsh interface ip show config
netsh advfirewall show allprofiles
netsh wlan show interfaces
netsh winhttp show proxy
ipconfig /all
ipconfig /flushdns
ping 10.0.0.1
tracert example.com
nslookup example.com
route print
arp -a
netstat -ano
whoami /groups
hostname
systeminfo
gpupdate /force
gpresult /r
quser
query user
klist
w32tm /query /status
wevtutil qe System /c:5
wevtutil el
auditpol /get /category:*
vssadmin list shadows
vssadmin list writers
wbadmin get versions
bcdedit /enum
bcdedit
driverquery
fltmc instances
manage-bde -status
dsregcmd /status
C:\windows\System32\dsregcmd.exe $(Arg0) $(Arg1) $(Arg2)
dcdiag /v
repadmin /replsummary
nltest /sc_query:corp
robocopy C:\Data D:\Backup\Data /MIR
xcopy /s C:\src D:\dst
copy report.docx D:\share
dir C:\inetpub\certs\site.cer
type C:\Windows\System32\drivers\etc\hosts
findstr /s /i "timeout" *.config
findstr /i "mimikatz sekurlsa::logonpasswords" C:\logs\edr.log
cmd.exe /c echo do not run vssadmin delete shadows >> README.txt
cmd /c dir C:\
del C:\Temp\old.log
icacls C:\Data
attrib C:\Data\report.txt
shutdown /r /t 0
msiexec /i C:\Users\reader\Downloads\node.msi /qn
msiexec /i wazuh-agent-4.9.msi REMOVE_OLD=1 WAZUH_MANAGER=10.0.0.2
msiexec /x {23170F69-40C1-2702-2301-000001000000} /qn
winget upgrade --all
choco install git -y
choco upgrade all -y
git clone https://github.com/a/b.git
curl.exe -O https://nodejs.org/dist/v20/node.msi
curl https://intranet.example.com/healthz
dotnet build App.sln
msbuild App.sln /p:Configuration=Release
nuget restore App.sln
"C:\Program Files\nodejs\node.exe" server.js
code .
notepad C:\Windows\System32\drivers\etc\hosts
mstsc /v:server01
explorer.exe C:\Data
Sysmon64.exe -c
Sysmon64.exe -s
control.exe /name Microsoft.WindowsUpdate
mmc.exe C:\Windows\system32\eventvwr.msc
rundll32.exe printui.dll,PrintUIEntry /il
appcmd list site
iisreset /status
slmgr.vbs /dli
reagentc /info
powercfg /batteryreport
logman query
tzutil /g
`;

/** What Windows, Defender, Office, browsers and management agents start by themselves: `parent | command line`. */
export const WINDOWS_OWN = String.raw`
C:\Windows\System32\services.exe | "C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24090.11-0\MsMpEng.exe"
C:\Windows\System32\services.exe | "C:\Program Files\Windows Defender\MsMpEng.exe"
C:\Windows\System32\services.exe | "C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24090.11-0\NisSrv.exe"
C:\Windows\System32\cscript.exe | reg.exe export "HKLM\System\CurrentControlSet\Control\Winlogon\Notifications" "Reg\Notif.reg.txt" /y
C:\Windows\System32\svchost.exe | "C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24090.11-0\MpCmdRun.exe" SignatureUpdate -ScheduleJob
C:\Windows\System32\svchost.exe | "C:\Program Files\Windows Defender\MpCmdRun.exe" Scan -ScheduleJob -ScanTrigger 55 -IdleScheduledJob
C:\Windows\System32\svchost.exe | "C:\Program Files\Windows Defender\MpCmdRun.exe" -GetDeviceTicket -AccessKey 1F
C:\Windows\System32\svchost.exe | "C:\Program Files\Windows Defender\MpCmdRun.exe" -IdleTask -TaskName WdCacheMaintenance
C:\Windows\System32\services.exe | "C:\Program Files\Windows Defender Advanced Threat Protection\MsSense.exe"
C:\Windows\System32\services.exe | "C:\Program Files\CrowdStrike\CSFalconService.exe"
C:\Windows\System32\services.exe | "C:\Program Files\ESET\ESET Security\ekrn.exe" --service reset
C:\Windows\System32\services.exe | C:\Program Files\ESET\ekrn.exe --service reset
C:\Windows\System32\services.exe | "C:\Program Files\SplunkUniversalForwarder\bin\splunkd.exe" service
C:\Windows\System32\services.exe | C:\Windows\Sysmon64.exe
C:\Windows\System32\services.exe | "C:\Program Files (x86)\ossec-agent\wazuh-agent.exe"
C:\Windows\System32\services.exe | C:\Windows\system32\svchost.exe -k netsvcs -p -s wuauserv
C:\Windows\System32\services.exe | C:\Windows\system32\svchost.exe -k LocalServiceNetworkRestricted -p -s EventLog
C:\Windows\System32\services.exe | C:\Windows\system32\svchost.exe -k LocalServiceNoNetwork -p -s mpssvc
C:\Windows\System32\services.exe | C:\Windows\system32\svchost.exe -k netsvcs -p -s BITS
C:\Windows\System32\services.exe | C:\Windows\System32\spoolsv.exe
C:\Windows\System32\services.exe | C:\Windows\system32\SearchIndexer.exe /Embedding
C:\Windows\System32\services.exe | C:\Windows\system32\msiexec.exe /V
C:\Windows\System32\services.exe | C:\Windows\servicing\TrustedInstaller.exe
C:\Windows\System32\services.exe | C:\Windows\CCM\CcmExec.exe
C:\Windows\System32\services.exe | "C:\Program Files (x86)\Google\Update\GoogleUpdate.exe" /svc
C:\Windows\System32\services.exe | "C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe" /svc
C:\Windows\System32\services.exe | "C:\Program Files\Common Files\Microsoft Shared\ClickToRun\OfficeClickToRun.exe" /service
C:\Windows\System32\svchost.exe | "C:\Program Files (x86)\Google\Update\GoogleUpdate.exe" /ua /installsource scheduler
C:\Windows\System32\svchost.exe | "C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe" /ua /installsource core
C:\Windows\System32\svchost.exe | "C:\Program Files\Mozilla Firefox\default-browser-agent.exe" do-task "308046B0AF4A39CB"
C:\Windows\System32\svchost.exe | C:\Windows\system32\usoclient.exe StartScan
C:\Windows\System32\svchost.exe | C:\Windows\System32\MoUsoCoreWorker.exe -Embedding
C:\Windows\System32\svchost.exe | C:\Windows\system32\wuauclt.exe /RunHandlerComServer
C:\Windows\System32\svchost.exe | C:\Windows\system32\taskhostw.exe Install $(Arg0)
C:\Windows\System32\svchost.exe | C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding
C:\Windows\System32\svchost.exe | C:\Windows\system32\DllHost.exe /Processid:{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}
C:\Windows\System32\svchost.exe | C:\Windows\System32\RuntimeBroker.exe -Embedding
C:\Windows\System32\svchost.exe | C:\Windows\system32\backgroundTaskHost.exe -ServerName:App.AppXmtcan0h2tfbfy7k9kn8hbxb6dmzz1zh0.mca
C:\Windows\System32\svchost.exe | C:\Windows\system32\sihost.exe
C:\Windows\System32\svchost.exe | C:\windows\System32\dsregcmd.exe $(Arg0) $(Arg1) $(Arg2)
C:\Windows\System32\svchost.exe | C:\Windows\system32\defrag.exe -c -h -k -g -$
C:\Windows\System32\svchost.exe | C:\Windows\system32\cleanmgr.exe /autoclean /d C:
C:\Windows\System32\svchost.exe | C:\Windows\system32\compattelrunner.exe -m:appraiser.dll -f:DoScheduledTelemetryRun
C:\Windows\System32\svchost.exe | "C:\Program Files\Common Files\Microsoft Shared\ClickToRun\OfficeC2RClient.exe" /frequentupdate SCHEDULEDTASK displaylevel=False
C:\Windows\System32\svchost.exe | C:\Windows\system32\rundll32.exe C:\Windows\system32\PcaSvc.dll,PcaPatchSdbTask
C:\Windows\System32\svchost.exe | C:\Windows\system32\rundll32.exe Startupscan.dll,SusRunTask
C:\Windows\System32\svchost.exe | C:\Windows\system32\rundll32.exe Windows.Storage.ApplicationData.dll,CleanupTemporaryState
C:\Windows\System32\svchost.exe | C:\Windows\System32\smartscreen.exe -Embedding
C:\Windows\System32\svchost.exe | C:\Windows\System32\SecurityHealthHost.exe {E041C90B-68BA-42C9-991E-477B73A75C90} -Embedding
C:\Windows\System32\MoUsoCoreWorker.exe | C:\Windows\SoftwareDistribution\Download\Install\AM_Delta_Patch_1.403.3.0.exe WD /stub 1.1.24080.9 /payload 1.403.3.0 /program C:\Windows\SoftwareDistribution\Download\Install\AM_Delta_Patch_1.403.3.0.exe WD
C:\Windows\SoftwareDistribution\Download\Install\AM_Delta_Patch_1.403.3.0.exe | C:\Windows\system32\MpSigStub.exe /stub 1.1.24080.9 /payload 1.403.3.0 /program C:\Windows\SoftwareDistribution\Download\Install\AM_Delta_Patch_1.403.3.0.exe WD
C:\Windows\CCM\CcmExec.exe | "C:\Windows\CCM\SCClient.exe" /Notify
C:\Windows\CCM\CcmExec.exe | C:\Windows\CCM\RemCtrl\CmRcService.exe
C:\Windows\System32\cmd.exe | C:\Windows\system32\conhost.exe 0x4
C:\Windows\System32\taskeng.exe | C:\Windows\system32\conhost.exe 0xffffffff -ForceV1
C:\Windows\explorer.exe | "C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE" /n "C:\Users\reader\Documents\report.docx" /o ""
C:\Windows\explorer.exe | "C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE"
C:\Windows\explorer.exe | "C:\Program Files\Google\Chrome\Application\chrome.exe"
C:\Windows\explorer.exe | "C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --profile-directory=Default
C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe | "C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --type=renderer --lang=en-US --extension-process
C:\Program Files\Google\Chrome\Application\chrome.exe | "C:\Program Files\Google\Chrome\Application\chrome.exe" --type=utility --utility-sub-type=network.mojom.NetworkService --lang=en-US
C:\Windows\explorer.exe | "C:\Windows\System32\SecurityHealthSystray.exe"
C:\Windows\System32\services.exe | C:\Windows\system32\SecurityHealthService.exe
C:\Windows\System32\userinit.exe | C:\Windows\Explorer.EXE
C:\Windows\System32\winlogon.exe | C:\Windows\system32\userinit.exe
`;

/** The lines of one of them. */
export const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');
