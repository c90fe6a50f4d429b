/** Names that phish borrow, each with the domains its owner really uses: facts, replaced by the content pack `brands`. */
import { z } from 'zod';

/** A name people trust; `domains` are the registered domains that belong to it. */
export const Brand = z.object({
  name: z.string().min(2).max(64),
  domains: z.array(z.string().min(3).max(253)).min(1).max(100),
  /** The name is also a word: it claims nothing by standing in a text. */
  is_word: z.boolean().optional(),
  /** First labels of its domains that are also words: anybody sets them before a domain. */
  words: z.array(z.string().max(64)).max(100).optional(),
  /** Words by which the many members of an association call themselves, with a place beside them: `sparkasse-bremen.de`. */
  members: z.array(z.string().max(64)).max(20).optional(),
});
export type Brand = z.infer<typeof Brand>;

/** The shape of a mounted content pack `brands`, e.g. a tenant's own names. */
export const BrandPack = z.object({ brands: z.array(Brand).max(5_000) });

/** The brands of our own short list; the first domain names the brand. `*`: also a word. `~`: a word of its members. */
export const STARTER_BRANDS: readonly Brand[] = `
Microsoft: microsoft.com microsoft.net office.com* office365.com live.com* outlook.com* microsoftonline.com windows.com* hotmail.com* azure.com* msn.com office.net microsoft365.com azurewebsites.net sharepointonline.com microsoftstore.com microsoft-falcon.net live.net windows.net msftauth.net msauth.net microsoftonline-p.com microsoftusercontent.com microsoftstream.com bing.com* skype.com xbox.com* visualstudio.com dynamics.com* aka.ms azureedge.net
Outlook*: outlook.com* microsoft.com office.com*
OneDrive: onedrive.com live.com* microsoft.com
SharePoint: sharepoint.com microsoft.com sharepointonline.com
Google: google.com google.dev gmail.com* googlemail.com youtube.com android.com* googleapis.com googleusercontent.com googleadservices.com googletagmanager.com google-analytics.com withgoogle.com googlegroups.com gstatic.com googlesyndication.com googletagservices.com googlevideo.com googlesource.com googlemail.de
Apple*: apple.com* icloud.com me.com itunes.com cdn-apple.com apple-mapkit.com apple-cloudkit.com mzstatic.com apple-dns.net icloud-content.com
iCloud: icloud.com apple.com* icloud-content.com
Amazon: amazon.com amazon.de amazon.co.uk amazon.fr amazon.es amazon.it amazon.nl amazon.com.br amazon.co.jp amazon.ca amazon.in amazonaws.com amazonses.com media-amazon.com ssl-images-amazon.com amazonpay.com amazontrust.com images-amazon.com amazon-adsystem.com amazonvideo.com amazonmusic.com amazonalexa.com amazongames.com aboutamazon.com aboutamazon.de primevideo.com awsstatic.com
Netflix: netflix.com netflix.net nflxext.com nflxso.net nflximg.net nflxvideo.net
Spotify: spotify.com spotifycdn.com
Disney+: disneyplus.com disney.com
PayPal: paypal.com paypal.de paypal.co.uk paypal.fr paypal.com.br paypalobjects.com paypal-communication.com paypal-community.com paypal.me paypalcorp.com paypal-corp.com
Facebook: facebook.com facebookmail.com fb.com meta.com* facebook.net fbcdn.net
Instagram: instagram.com cdninstagram.com facebookmail.com
WhatsApp: whatsapp.com whatsapp.net wa.me
LinkedIn: linkedin.com licdn.com
Telegram: telegram.org
Steam*: steamcommunity.com steampowered.com
Dropbox: dropbox.com dropboxmail.com dropboxusercontent.com dropboxstatic.com getdropbox.com
DocuSign: docusign.com docusign.net docusign.eu
Adobe: adobe.com adobesign.com adobelogin.com adobe.io
Zoom*: zoom.us* zoom.com zoomgov.com
GitHub: github.com githubusercontent.com githubassets.com github.io github.dev githubstatus.com githubapp.com githubnext.com
Proton Mail: proton.me* protonmail.com
Yahoo: yahoo.com* yahoo.co.uk yahoogroups.com yahooinc.com
eBay: ebay.com ebay.de ebay.co.uk ebay-kleinanzeigen.de kleinanzeigen.de* ebaystatic.com ebayimg.com ebayinc.com
AliExpress: aliexpress.com alibaba.com
Temu: temu.com temuemail.com
Shein: shein.com
Zalando: zalando.de zalando.com zalando.fr zalando.nl zalando-lounge.de zalandoapis.com
Booking.com: booking.com*
Airbnb: airbnb.com
Binance: binance.com
Coinbase: coinbase.com
Kraken*: kraken.com
Ledger*: ledger.com
Trezor: trezor.io
MetaMask: metamask.io
Trust Wallet: trustwallet.com
Blockchain.com: blockchain.com
OpenSea: opensea.io
Uniswap: uniswap.org
Lido Finance: lido.fi
DHL: dhl.com dhl.de
UPS*: ups.com upsers.com
USPS: usps.com usps.gov
FedEx: fedex.com
DPD: dpd.com dpd.de dpd.co.uk
Hermes*: myhermes.de hermesworld.com
Royal Mail: royalmail.com
Deutsche Post: deutschepost.de dhl.de
La Poste: laposte.fr* laposte.net
Chronopost: chronopost.fr
PostNL: postnl.nl
Correios: correios.com.br
Correos: correos.es
Poste Italiane: poste.it* posteitaliane.it
Mercado Livre: mercadolivre.com.br mercadolibre.com
Mercado Pago: mercadopago.com.br mercadopago.com
Nubank: nubank.com.br
Bradesco: bradesco.com.br
Itaú: itau.com.br
Banco do Brasil: bb.com.br
Caixa Econômica: caixa.gov.br
Santander: santander.com santander.com.br santander.co.uk santander.de
Livelo: livelo.com.br
Receita Federal: receita.fazenda.gov.br gov.br
Detran: gov.br detran.sp.gov.br
Serasa: serasa.com.br
Sparkasse: sparkasse.de ~sparkasse ~kreissparkasse ~stadtsparkasse
Volksbank: volksbank.de vr.de ~volksbank ~raiffeisenbank ~volksbanken
Deutsche Bank: deutsche-bank.de db.com
Commerzbank: commerzbank.de
Postbank: postbank.de
Targobank: targobank.de
Comdirect: comdirect.de
ING*: ing.com ing.de ing.nl
Rabobank: rabobank.nl rabobank.com
ABN AMRO: abnamro.nl abnamro.com
BNP Paribas: bnpparibas.com bnpparibas.net
Crédit Agricole: credit-agricole.fr
Société Générale: societegenerale.fr
La Banque Postale: labanquepostale.fr
BBVA: bbva.com bbva.es
CaixaBank: caixabank.es caixabank.com
UniCredit: unicredit.it unicreditgroup.eu
Intesa Sanpaolo: intesasanpaolo.com
HSBC: hsbc.com hsbc.co.uk
Barclays: barclays.co.uk barclays.com
Lloyds Bank: lloydsbank.com lloydsbank.co.uk
NatWest: natwest.com
Chase*: chase.com*
Wells Fargo: wellsfargo.com
Bank of America: bankofamerica.com bofa.com
Citibank: citi.com citibank.com
Capital One: capitalone.com
American Express: americanexpress.com aexp.com
Mastercard: mastercard.com
Visa*: visa.com*
Revolut: revolut.com
Klarna: klarna.com
Western Union: westernunion.com
IRS*: irs.gov
HMRC: hmrc.gov.uk gov.uk
DVLA: dvla.gov.uk gov.uk
Ameli: ameli.fr
ELSTER: elster.de
Deutsche Bahn: bahn.de deutschebahn.com
Deutsche Telekom: telekom.de telekom.com t-online.de
Vodafone: vodafone.com vodafone.de vodafone.co.uk vodafone-kabel.de vodafone-ip.de vodafonemail.de
Orange*: orange.fr* orange.com
SFR: sfr.fr
O2*: o2.de o2online.de o2.co.uk
AT&T: att.com att.net
Verizon: verizon.com verizon.net
Comcast: comcast.com comcast.net xfinity.com
McAfee: mcafee.com
Norton*: norton.com nortonlifelock.com
Kaspersky: kaspersky.com
Avast: avast.com
Walmart: walmart.com
Costco: costco.com
Target*: target.com*
Lowe's: lowes.com
Lowes: lowes.com
Home Depot: homedepot.com
Best Buy: bestbuy.com
Walgreens: walgreens.com
CVS Pharmacy: cvs.com
Kroger: kroger.com
Ace Hardware: acehardware.com
Harbor Freight: harborfreight.com
Dick's Sporting Goods: dickssportinggoods.com
Starbucks: starbucks.com
McDonald's: mcdonalds.com
Coca-Cola: coca-cola.com coca-colacompany.com
CocaCola: coca-cola.com coca-colacompany.com
Hilton: hilton.com
Marriott: marriott.com
Southwest Airlines: southwest.com
Delta Air Lines: delta.com*
Lufthansa: lufthansa.com
Ryanair: ryanair.com ryanairmail.com
State Farm: statefarm.com
AAA*: aaa.com
UnitedHealthcare: uhc.com unitedhealthcare.com
T-Mobile: t-mobile.com telekom.com
Lidl: lidl.de lidl.com lidl.fr lidl.es lidl.nl
Aldi: aldi.de aldi-sued.de aldi-nord.de aldi.com aldi.us
REWE: rewe.de rewe-group.com
EDEKA: edeka.de
Kaufland: kaufland.de kaufland.com
Penny*: penny.de*
Rossmann: rossmann.de
dm-drogerie: dm.de
MediaMarkt: mediamarkt.de mediamarkt.com mediamarkt.es mediamarkt.nl
Saturn*: saturn.de*
Fressnapf: fressnapf.de fressnapf.com
Tchibo: tchibo.de
IKEA: ikea.com ikea.de
Bosch*: bosch.com* bosch.de
Persil: persil.de henkel.com
Knorr: knorr.com unilever.com
Carrefour: carrefour.fr carrefour.com carrefour.es
Leclerc: leclerc.fr e.leclerc
Darty: darty.com
Fnac: fnac.com
Decathlon: decathlon.com decathlon.fr decathlon.de
Leroy Merlin: leroymerlin.fr leroymerlin.es leroymerlin.com
Sephora*: sephora.com sephora.fr
Nocibé: nocibe.fr
Albert Heijn: ah.nl
Jumbo*: jumbo.com*
Bol.com: bol.com
Mercadona: mercadona.es
El Corte Inglés: elcorteingles.es
Tesco: tesco.com tesco.ie
Sainsbury's: sainsburys.co.uk
Asda*: asda.com
Boots*: boots.com*
Samsung: samsung.com
iPhone: apple.com*
Milwaukee: milwaukeetool.com
Makita: makita.com makita.de
DeWalt: dewalt.com
Yeti*: yeti.com
Stanley*: stanley1913.com
Dyson: dyson.com dyson.de
Omaha Steaks: omahasteaks.com
`
  .trim()
  .split('\n')
  .map((row) => {
    const [name = '', fields = ''] = row.split(': ');
    const all = fields.split(' ');
    const members = all.filter((field) => field.startsWith('~')).map((field) => field.slice(1));
    return {
      name: name.replace('*', ''),
      domains: all.filter((field) => !field.startsWith('~')).map((field) => field.replace('*', '')),
      is_word: name.endsWith('*'),
      words: all.filter((field) => field.endsWith('*')).map((field) => field.split('.')[0] ?? field),
      members,
    };
  });

/** Whether the name of a brand is also a word; our own list speaks for a mounted brand that does not say. */
export const isNameAWord = ({ name, is_word }: Brand): boolean => is_word ?? WORD_NAMES.has(name.toLowerCase());

/** Whether the first label of a brand's domain is also a word. */
export const isLabelAWord = ({ words = [] }: Brand, label: string): boolean =>
  words.includes(label) || WORD_LABELS.has(label);

const WORD_NAMES = new Set(STARTER_BRANDS.flatMap(({ name, is_word }) => (is_word ? [name.toLowerCase()] : [])));
const WORD_LABELS = new Set(STARTER_BRANDS.flatMap(({ words = [] }) => words));
