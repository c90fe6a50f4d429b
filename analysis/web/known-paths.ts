/** What only attackers ask for: paths of published exploits, secrets, web shells, and the names scanners give themselves. */
import { endsOfText } from '../readers/index.ts';
import type { AttackClass } from './hit.ts';

/** A path that gives its visitor away. `about` is the CVE where one is known, else what the path is. */
export interface KnownPath {
  class: AttackClass;
  about: string;
}

/** The known path that a target asks for, after decoding and in lower case; undefined for ordinary ones. */
export function knownPathOf(target: string): KnownPath | undefined {
  if (target.length <= TARGET_LENGTH_MAX) return knownIn(target);
  const path = target.replace(/[?#].*/s, '');
  return [...endsOfText(target, TARGET_LENGTH_MAX), path.slice(-TARGET_LENGTH_MAX)]
    .map(knownIn)
    .find((known) => known !== undefined);
}

function knownIn(target: string): KnownPath | undefined {
  const text = target.toLowerCase();
  if (ANY_EXPLOIT.test(text)) {
    const exploit = EXPLOITS.find(([, pattern]) => pattern.test(text));
    if (exploit) return { class: 'exploit-path', about: exploit[0] };
  }
  const path = text.replace(/[?#].*/s, '');
  if (WEBSHELL.test(path)) return { class: 'webshell', about: 'a file name of web shells' };
  if (SENSITIVE.test(path)) return { class: 'sensitive-file', about: 'a file that holds secrets' };
  return undefined;
}

/** A scanner or attack tool that names itself as such in User-Agent. Libraries and download tools are not among them. */
export const scannerOf = (agent: string): string | undefined => SCANNER.exec(agent.slice(0, AGENT_LENGTH_MAX))?.[0];

/** Facts: CVE or product, and the shape of its published exploit's request. */
const EXPLOITS: readonly (readonly [string, RegExp])[] = [
  ['CVE-2017-9841', /phpunit\/.{0,60}eval-stdin\.php/],
  ['CVE-2019-18935', /telerik\.web\.ui\.webresource\.axd\?type=rau|telerik\.web\.ui\.dialoghandler/],
  ['CVE-2022-35914', /htmlawedtest\.php/],
  ['CVE-2022-44877', /\/login\/index\.php\?login=\S{0,20}(?:\$\(|%24%28|`)|\/index\.php\?login=(?:\$\(|%24%28|%24\()/],
  ['CVE-2022-46169', /\/remote_agent\.php\?action=polldata/],
  [
    'CVE-2023-22515',
    /\/setup\/(?:setupadministrator|setupadministrator-start|finishsetup)\.action|bootstrapstatusprovider\.applicationconfig/,
  ],
  ['CVE-2023-22518', /\/json\/setup-restore(?:-local|-progress)?\.action/],
  ['CVE-2022-26134', /^\/(?:%24|\$)(?:%7b|\{).{0,400}(?:@|%40|ognl|runtime|java)/],
  [
    'CVE-2024-0012',
    /\/php\/(?:utils|ztp_gate)\S{0,80}\.js\.map|\.php\/\.js\.map|\/php\/\S{0,40}\.php\/\S{0,20}\.js\.map/,
  ],
  ['CVE-2025-0108', /\/unauth\/.{0,40}\/php\/|\/unauth\/%252e/],
  ['CVE-2024-3400', /\/global-protect\/(?:login\.esp|portal).{0,80}(?:\.\.|`|\$\{)|\/ssl-vpn\/hipreport\.esp/],
  [
    'CVE-2021-41773 or CVE-2021-42013',
    /\/(?:cgi-bin|icons|assets|uploads|images|scripts)\/(?:\.|%2e|%%32%65|%252e|%c0%ae)[^?]{0,8}\/?/,
  ],
  ['CVE-2023-49103', /\/microsoft-graph\/tests\/getphpinfo\.php/],
  ['CVE-2020-5902', /\/tmui\/login\.jsp\/\.\.;|\/tmui\/locallb\/workspace\//],
  ['CVE-2022-1388', /\/mgmt\/tm\/util\/bash|\/mgmt\/shared\/authn/],
  ['CVE-2021-3129', /\/_ignition\/(?:execute-solution|health-check)/],
  ['CVE-2021-26086', /\/s\/[^/]{0,40}\/_\/;\/(?:web|meta)-inf\//],
  ['CVE-2019-11510', /\/dana-na\/\.\.\/dana|\/dana-na\/\S{0,60}\.\.\//],
  ['CVE-2023-46805', /\/api\/v1\/(?:totp\/user-backup-code|cav\/client)\/(?:\.\.|%2e)/],
  ['CVE-2022-22954', /\/catalog-portal\/ui\/oauth\/verify/],
  ['CVE-2021-22005', /\/analytics\/telemetry\/ph\/api\//],
  ['VMSA-2021-0027', /\/vcav-bootstrap\/rest\/vcav-providers\/provider-logo/],
  ['CVE-2018-13379', /\/remote\/fgt_lang\?lang=/],
  ['CVE-2022-40684', /\/api\/v2\/cmdb\/system\/admin/],
  ['CVE-2019-19781', /\/vpns?\/(?:\.\.|%2e)|\/vpns\/(?:portal|cfg)\//],
  ['CVE-2021-43798', /\/public\/plugins\/[^/]{1,40}\/(?:\.\.|%2e)/],
  ['CVE-2021-34473', /\/autodiscover\/autodiscover\.json.{0,100}(?:@|%40|powershell)/],
  ['CVE-2021-26855', /\/ecp\/(?:y|x|default|main)\.js|\/owa\/auth\/(?:x|logon)\.js|ediscovery\.exporttool/],
  ['CVE-2022-37042', /\/service\/extension\/backup\/mboximport/],
  ['CVE-2019-9670', /\/autodiscover\/autodiscover\.xml.{0,40}<!|\/service\/extension\/clientuploader/],
  ['CVE-2022-22965', /class(?:\.|%2e)module(?:\.|%2e)classloader/],
  ['CVE-2022-22947', /\/actuator\/gateway\/routes/],
  [
    'Spring Boot actuator',
    /\/actuator\/(?:env|heapdump|jolokia|threaddump|configprops|logfile|mappings|trace|shutdown)|^\/(?:heapdump|jolokia)(?:\/|$)/,
  ],
  ['CVE-2018-20062', /invokefunction|\\think\\|think\\app|s=\/?index\/\\?think|call_user_func_array.{0,40}vars/],
  ['CVE-2020-14882', /\/console\/(?:css|images)\/(?:%252e|%2e|\.\.)|\/console\/\S{0,40}console\.portal/],
  ['CVE-2017-10271', /\/wls-wsat\/|\/_async\/asyncresponseservice|\/ws_utc\//],
  ['CVE-2010-0738', /\/jmx-console(?:[/?]|$)/],
  ['CVE-2017-12149', /\/invoker\/(?:jmxinvokerservlet|readonly|ejbinvokerservlet)|\/web-console\/invoker/],
  ['CVE-2023-51467', /\/webtools\/control\/(?:xmlrpc|programexport|soapservice)/],
  ['CVE-2024-4577', /(?:%ad|\xad)d\+?(?:allow_url_include|cgi\.force)|php-cgi(?:\.exe)?\?/],
  ['CVE-2012-1823', /\?-[sd]\+?(?:allow_url_include|\S{0,4}auto_prepend)|\/cgi-bin\/php\d?(?:-cgi)?\?-d/],
  ['CVE-2024-1709', /\/setupwizard\.aspx\/./],
  ['CVE-2025-53770', /\/_layouts\/1[56]\/toolpane\.aspx/],
  ['CVE-2023-34362', /\/(?:guestaccess|moveitisapi|human2)\.aspx|moveitisapi\.dll/],
  ['CVE-2024-3273', /\/cgi-bin\/nas_sharing\.cgi/],
  ['CVE-2023-23752', /\/api\/index\.php\/v1\/(?:config|users)\S{0,60}public=true/],
  ['CVE-2023-1389', /\/cgi-bin\/luci\/;stok=/],
  [
    'router exploit',
    /\/cgi-bin\/luci|\/boaform\/|\/hnap1|\/gponform\/|\/setup\.cgi\?next_file=|\/goform\/(?:set|form|get)\w|\/currentsetting\.htm|\/diag_form|\/tmpblock\.cgi|\/userrpm\/|\/cgi-bin\/(?:videoconfiguration|mainfunction|supervisor|viewlog|webproc|rtpd|nobody|authlogin|ibc|user\/config)\S{0,20}\.(?:cgi|asp)|\/picsdesc\.xml|\/onvif\/device_service|\/sdk\/webLanguage|\/dvr\/cmd|\/cgi-bin\/kerbynet|\/stssys\.htm|\/evox\/about|\/setup\.cgi$|\/cgi\/networkdiag\.cgi|\/portal\/redlion/,
  ],
  [
    'IoT shell',
    /\/shell\?(?:cd|busybox|rm|wget)|\/cgi-bin\/(?:;|%3b)|\/language\/swedish\$|\/board\.cgi\?cmd|\/cgi\?\d{0,4}&\d/,
  ],
  ['CVE-2014-6271', /\/cgi-(?:bin|sys)\/(?:test-cgi|status|defaultwebpage|bash|sh|env|printenv)(?:\.cgi|\.sh|\.pl)?$/],
  [
    'CVE-2021-26084',
    /\/pages\/(?:createpage-entervariables|doenterpagevariables)\.action|queryString=.{0,40}(?:\\u0027|%5cu0027)/,
  ],
  ['CVE-2019-3396', /\/rest\/tinymce\/1\/macro\/preview/],
  ['CVE-2021-44228', /(?:\$|%24)(?:\{|%7b).{0,60}j.{0,40}n.{0,40}d.{0,40}i/],
  ['CVE-2020-17496 or CVE-2019-16759', /\/ajax\/render\/widget_(?:tabbedcontainer|php)/],
  ['CVE-2018-7600', /\/user\/register\?\S{0,60}element_parents=|%23(?:post_render|markup|lazy_builder)/],
  ['Joomla component exploit', /com_joomla_flash_uploader/],
  ['CVE-2020-25213', /\/wp-file-manager\/lib\/php\/connector\.minimal\.php/],
  [
    'WordPress plugin exploit',
    /\/wp-content\/plugins\/[^?]{1,120}(?:upload|elfinder|connector|timthumb|download|export|ajax)[^?/]{0,40}\.php|admin-ajax\.php\?action=(?:revslider|duplicator|kbslider|wp_file)|\/wp-admin\/(?:setup-config|install)\.php/,
  ],
  [
    'CVE-2022-39285 or CVE-2022-39291',
    /\/zm\/index\.php\S{0,80}(?:file=\S{0,20}(?:<|%3c)|level=\S{0,20}(?:message|<)|view=request&request=log&task=create)/,
  ],
  ['CVE-2023-28432', /\/minio\/bootstrap\/v1\/verify/],
  ['CVE-2022-41040', /\/autodiscover\/\S{0,60}powershell/],
  ['CVE-2021-40438', /\?unix:.{100}/],
  ['CVE-2019-0230', /(?:%25|%|%24|\$)(?:\{|%7b)\(?#_?memberaccess|redirect(?:action)?:(?:\$|%24|%25)(?:\{|%7b)/],
  ['CVE-2024-23897', /\/cli\?remoting=false/],
  ['Jenkins or Groovy console', /\/script(?:text)?$|\/descriptorbyname\/org\.jenkinsci/],
  ['CVE-2020-11978', /\/admin\/airflow|\/api\/experimental\/dags\//],
  ['CVE-2024-36401', /\/geoserver\/(?:wfs|ows|web)/],
  [
    'CVE-2019-17558',
    /\/solr\/(?:admin\/(?:info|cores|collections)|[^/]{1,40}\/(?:config|select\?\S{0,200}velocity|debug\/dump))/,
  ],
  [
    'SAP interface probing',
    /\/sap\/(?:bc|public|hana|admin|wdisp)\b|\/irj\/(?:portal|go)|\/ctc\/servlet|\/developmentserver\/metadatauploader|\/sap_java|\/webdynpro\//,
  ],
  [
    'Docker or Kubernetes API',
    /^\/(?:v1\.\d{2}\/)?containers\/(?:json|create)|^\/api\/v1\/(?:pods|namespaces|secrets)/,
  ],
  ['CVE-2025-29927', /x-middleware-subrequest/],
  ['CVE-2021-21972', /\/ui\/vropspluginui\/|\/vropspluginui\/rest/],
  ['CVE-2023-20198', /\/webui\/logoutconfirm\.html|\/%2577eb%2575i/],
  ['CVE-2020-3452', /\/\+cscot\+\/|\/\+cscoe\+\/\S{0,60}(?:\.\.|files|logon\.html)/],
  ['CVE-2017-7269', /propfind http:\/\/localhost/],
  [
    'Adobe Experience Manager console',
    /\/crx\/(?:packmgr|de|explorer|repository)\b|\/bin\/querybuilder\.json|\/system\/console\/bundles/,
  ],
  ['CVE-2018-10562', /\/menu\.html\?images\//],
];
const ANY_EXPLOIT = new RegExp(EXPLOITS.map(([, { source }]) => source).join('|'));

const SENSITIVE =
  /(?:^|\/)\.(?:env|git|svn|hg|bzr|aws|ssh|docker|dockercfg|kube|npmrc|pypirc|netrc|pgpass|htpasswd|htaccess|ds_store|vscode|idea|bash_history|bash_profile|bashrc|zsh_history|mysql_history|psql_history|history|profile|config|s3cfg|boto|travis\.yml|gitlab-ci\.yml|circleci|remote|ftpconfig|esmtprc|msmtprc|passwd|credentials|cvs|my\.cnf|sqlite)(?![\w-]{8})(?:[._/-][^/]{0,40}|$)|(?:^|\/)(?:wp-config\.(?:php[.~_-]?\S{1,12}|bak|old|txt|inc)|wp-config\.php~|configuration\.php[.~-]\S{0,8}|web\.config|id_(?:rsa|dsa|ed25519)|credentials(?:\.json|\.ya?ml)?|secrets?\.(?:json|ya?ml|env|txt)|database\.(?:ya?ml|sql)|db\.sql|dump\.sql|backup\.(?:sql|zip|tar|tgz|gz|rar|7z|bak)\S{0,4}|(?:www|site|web|html|public_html|wwwroot|data|db|database|dump|mysql)\.(?:zip|tar\.gz|tgz|rar|7z|sql(?:\.gz)?|bak)|phpinfo(?:\.php)?|php_?info\.php|info\.php|server-status|server-info|docker-compose\.ya?ml|config\.(?:bak|old|php\.bak|inc\.php|env)|settings\.py|parameters\.yml|local\.xml|appsettings\.json|sftp(?:-config)?\.json|service-?account\.json|firebase\.json|error_log|debug\.log|laravel\.log|composer\.lock|adminer(?:-[\d.]{1,8})?\.php|elmah\.axd|trace\.axd|etc\/passwd|win\.ini)$/;
const WEBSHELL =
  /\/(?:c99|r57|b374k|wso\d{0,4}|c100|c37|c66|c666|r0nin|r00t|1337|alfa(?:cgiapi|shell|new)?|alfa_data|shell\d{0,3}|web-?shell|cmd(?:asp)?|backdoor|b0y|bypass|minishell|marijuana|gel4y|indoxploit|idx|anonymousfox|fox(?:wso)?|wso-?shell|leaf(?:mailer|php)?|priv8|sh3ll|x0x|xleet(?:-shell)?|0x|0byte|up(?:load)?er|phpspy|phpshell|weevely|chopper|caidao|antsword|behinder|godzilla|simattacker|zehir4?|kacak|nstview|ru24|lostdc|cybershell|egy|iskorpitx|jackal|lamashell|locus7s|madspot|mysql_?tool|net2?ftp|ntdaddy|pouya|rootshell|safe0ver|sincap|spy|tryag|winx|zaco|wp-?(?:sad|shell|cmd|blackhat|22|2019|consar|pano)|wp-conflg|wp-1ogin|defau1t|lufix|olux|bala|moduless|haxor|hacked)\.(?:php\d?|phtml|asp|aspx|ashx|jsp|jspx|cgi|pl|cfm)$|\/(?:wp-content\/uploads|images?|uploads?)\/[^?]{0,120}\.(?:php\d?|phtml|jspx?|aspx?)$|\/\.well-known\/(?:acme-challenge\/|pki-validation\/)?[^/]{1,40}\.php$|\/alfacgiapi\//;
const SCANNER =
  /\b(?:nikto|sqlmap|nessus|openvas|nmap scripting|nmap|masscan|zgrab|zmap|nuclei|acunetix|netsparker|wpscan|dirbuster|gobuster|feroxbuster|ffuf|wfuzz|dirb|havij|w3af|arachni|skipfish|whatweb|burp|zaproxy|owasp[ _-]?zap|metis|jorgee|morfeus|muieblackcat|zmeu|brutus|hydra|fimap|bsqlbf|pangolin|webinspect|appscan|grabber|vega\/|paros|webshag|commix|xsser|l9explore|l9tcpid|leakix|censysinspect|expanse|internet-?measurement|shodan|hello,? world|masjesu|gbrmss|dark ?nexus|mozi\.|project-?resonance|cgichk|qualys|detectify|intruder\.io|tenable|projectdiscovery|interactsh|jaeles|httpx - open|fasthttp|log4shell|kinza|mj12bot\/v1\.0|libredtail|xfa1|anthrax|whatcms|netcraft|nimbostratus|ahrefs-fake|python-scanner|tsunami|dirsearch|wapiti|joomscan|droopescan|golismero|sn1per|xspider|siege|slowloris|loic|hoic|goldeneye|the mysterious mozlila|sysscan|nsauditor|cyberscan|pxyscand|bad ?scanner|toata|blackwidow|n-stealth|teh forest lobster|inspath|sumthin|core-project|absinthe|prog\.customcrawler|whisker|autogetcolumn|mysqloit|sqlninja|uil2pn|webtrends security|data-?padder|spiderlabs|springenwerk|struts-?pwn|sqlpower|friendly-scanner|zeroshell)\b/i;
const TARGET_LENGTH_MAX = 4_096;
const AGENT_LENGTH_MAX = 65_536;
