/** Kinds of hosts that hide who stands behind a link, as plain facts: shorteners, redirectors, free hosting, freemail. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Services that forward anybody to anywhere behind a short name. */
export const SHORTENERS = words(`
  adf.ly bit.do bit.ly buff.ly clck.ru cli.re cutt.ly cutt.us did.li dlvr.it goo.gl goo.su ift.tt is.gd j.mp
  linktr.ee lnkd.in lnk.to ow.ly q-r.to qrco.de qr.ae qrs.ly rb.gy rebrand.ly rebrandly.com s.id share.google shorturl.at
  shorturl.asia short.gy snip.ly surl.li t.co t.ly t2m.io tiny.cc tiny.pl tinyurl.com tr.ee trib.al u.to urlz.fr v.gd
  vo.la x.gd yip.su zpr.io tny.im urlr.me shrtco.de lihi.cc reurl.cc
`);

/** Hosts of large firms that forward to a target in their own query. */
export const REDIRECTORS = words(`
  l.facebook.com lm.facebook.com l.instagram.com googleadservices.com doubleclick.net adclick.g.doubleclick.net
  link.zhihu.com away.vk.com r.search.yahoo.com slack-redir.net
`);

/** Places where anybody publishes a page under somebody else's name within minutes. */
export const FREE_HOSTING = words(`
  000webhostapp.com 4everland.app amplifyapp.com appspot.com arweave.net awsapprunner.com azurestaticapps.net azurewebsites.net
  blob.core.windows.net blogspot.com carrd.co cloudfront.net cloudfunctions.net codesandbox.io cprapid.com
  digitaloceanspaces.com duckdns.org dynamic-dns.net firebaseapp.com firebasestorage.googleapis.com fleek.co fly.dev
  framer.app framer.website github.io gitbook.io gitlab.io glitch.me godaddysites.com herokuapp.com hostingersite.com
  ipfs.io dweb.link linodeusercontent.com mystrikingly.com myshopify.com netlify.app ngrok.io ngrok-free.app notion.site
  ondigitalocean.app onrender.com pages.dev pantheonsite.io r2.dev r2.cloudflarestorage.com railway.app
  repl.co replit.app run.app s3.amazonaws.com sendgrid.net serveo.net sites.google.com docs.google.com forms.gle
  square.site storage.googleapis.com surge.sh trycloudflare.com tumblr.com typedream.app vercel.app web.app web.core.windows.net
  webflow.io webnode.page website-files.com weebly.com weeblysite.com wixsite.com wixstudio.com wordpress.com workers.dev
  yolasite.com zendesk.com zeabur.app amazonaws.com
`);

/** Sender domains that anybody gets with a free or trial account of a cloud. */
export const TRIAL_SENDERS = words(
  `onmicrosoft.com firebaseapp.com web.app zendesk.com amazonses.com sharepointonline.com freshdesk.com`,
);

/** Mailboxes anybody gets for nothing: no firm answers from one. */
export const FREEMAIL = words(`
  126.com 163.com aim.com aol.com bk.ru bol.com.br email.com freemail.hu free.fr gmail.com gmx.com gmx.de gmx.net googlemail.com
  hotmail.co.uk hotmail.com hotmail.de hotmail.fr hotmail.it iname.com inbox.lv inbox.ru libero.it list.ru live.com live.fr
  mail.com mail.ru mailo.com msn.com naver.com orange.fr outlook.com outlook.de outlook.es outlook.fr proton.me protonmail.com
  qq.com rediffmail.com seznam.cz t-online.de terra.com.br tutanota.com uol.com.br usa.com web.de yahoo.co.jp yahoo.co.uk yahoo.com
  yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru ymail.com zoho.com zohomail.com
`);

/** Suffixes where abuse reports outnumber ordinary use by far: cheap or free registration. A weak sign. */
const CHEAP_SUFFIXES = words(`
  asia autos bar beauty best bid biz bond boats buzz cam cc cfd click club cn cyou date dev download fit fun gq guru hair homes icu ink
  info life link live lol loan makeup ml monster mom motorcycles online ooo pics pro pw quest rest ru sbs shop site skin space
  store stream su support surf tk today top trade uno us vip wang website win work world ws xyz yachts zip za.com sa.com it.com eu.com
`);

/** Whether a host is one of the set, or a name below one. */
export function isAmong(host: string, set: ReadonlySet<string>): boolean {
  const labels = host.split('.');
  return labels.some((_, index) => set.has(labels.slice(index).join('.')));
}

/** Whether a suffix of cheap registrations carries the name; two-part ones like `za.com` count as suffix. */
export const isCheap = (host: string): boolean =>
  CHEAP_SUFFIXES.has(host.slice(host.lastIndexOf('.') + 1)) || CHEAP_SUFFIXES.has(host.split('.').slice(-2).join('.'));
