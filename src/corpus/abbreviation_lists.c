/* Common abbreviations by language that CLDR's suppressions, of which ICU has de, en, es, fr, it,
 * pt and ru, do not have. To add a language, add an entry.
 *
 * An abbreviation belongs here if a sentence seldom ends with it. "etc.", "usw.", "Jr.", "Inc."
 * and "et al." do end sentences and are left to CLDR. One in lower case stands for a capitalized
 * one, too ("vgl.", "Vgl."). */
#include "corpus/abbreviations.h"

const abbreviation_list abbreviation_lists[] = {
    {.language = "en",
     .always = "Dr.,Drs.,Messrs.,Mmes.,Mme.,Mlle.,Msgr.,St.,Ste.,Sts.,Gen.,Lieut.,Cmdr.,Cdr.,"
               "Adm.,Brig.,Cpl.,Pfc.,Supt.,Insp.,Det.,Gov.,Sen.,Sens.,Reps.,Pres.,Amb.,Hon.,Fr.,"
               "Ft.,Revd.,e.g.,i.e.,eg.,ie.,viz.,cf.,v.,ca.,approx.",
     .before_digit = "no.,nos.,Nr.,vol.,vols.,fig.,figs.,eq.,eqs.,p.,ch.,chap.,chs.,"
                     "sec.,sect.,art.,arts.,pt.,pts.,par.,para.,pl.,col.,tab.,ex.,ver.,c.,b.,"
                     "d.,fl.,r.,n.,l.,ll.,f.,op.,est.,apr.,oct.,jul.",
     .words = "Act.,All.,As.,By.,Do.,Go.,Hat.,Id.,In.,Is.,Jam.,Job.,Joe.,Link.,Long.,OK.,Ok.,On.,"
              "Or.,PC.,Pro.,To.,Up.,Lib.,Min.,Mart.,Lev.,Card.,Cap.,AA.,AB.,AD.,DC.,Etc."},
    {.language = "de",
     .always = "z. B.,d. h.,d. i.,i. d. R.,i. Allg.,i. A.,i. e. S.,i. w. S.,u. a.,u. U.,o. g.,"
               "s. o.,s. u.,v. a.,n. Chr.,v. Chr.,m. E.,z. T.,z. Z.,z. Zt.,u. d. M.,ü. d. M.,"
               "v. l. n. r.,Dr.,Dres.,Prof.,Mag.,Dipl.,Hr.,Hl.,hl.,St.,Frhr.,Gf.,Gen.,Lt.,Hptm.,"
               "Präs.,phil.,med.,jur.,rer.,nat.,pol.,theol.,h. c.,habil.,bzw.,bspw.,beisp.,ca.,"
               "vgl.,ggf.,evtl.,inkl.,exkl.,einschl.,insb.,insbes.,bes.,mind.,"
               "entspr.,gegr.,geb.,gest.,sog.,sogen.,lat.,griech.,altgr.,engl.,dt.,frz.,franz.,"
               "ital.,span.,russ.,poln.,tschech.,ung.,türk.,hebr.,arab.,chin.,jap.,mhd.,ahd.,nhd.,"
               "österr.,schweiz.,amerik.,brit.,niederl.,ehem.,eigtl.,urspr.,ugs.,veralt.,"
               "verm.,versch.,zw.,zzgl.,abzgl.,gem.,lt.,betr.,bez.,Abb.,Abs.,Abt.,Anm.,Anh.,"
               "Aufl.,Ausg.,Bd.,Bde.,Bearb.,Bl.,Ebd.,Hg.,Hrsg.,Jg.,Kap.,Lfg.,Nr.,Nrn.,Pos.,Rn.,Rz.,"
               "Sp.,Tab.,Taf.,Tel.,Übers.,Verf.,Verl.,Vol.,vs.,Ziff.,Zit.,Jan.,Febr.,Apr.,Aug.,"
               "Sept.,Okt.,Nov.,Dez.",
     .before_digit = "S.,f.,ff.,Art.,Fig.,No.,max.,min.,op.,p.,pp.",
     .words = "am.,Am.,Art.,Max.,Min.,Do.,Port.,Test.,s.,f.,z.,od.,So.,Mo.,Di.,Mi.,PIN.,"
              "dir.,mag.",
     .after_number =
         "der,die,das,dem,den,des,ein,eine,einer,eines,einem,einen,er,sie,es,ich,wir,ihr,ihre,"
         "ihren,ihrem,ihrer,sein,seine,seinen,seinem,seiner,man,dieser,diese,dieses,diesem,diesen,"
         "jener,jene,jenes,in,im,an,am,auf,aus,bei,beim,bis,durch,für,gegen,mit,nach,nachdem,ohne,"
         "seit,seitdem,über,um,unter,vom,von,vor,während,wegen,zu,zum,zur,zwischen,als,da,dabei,"
         "dadurch,daher,damals,damit,danach,daneben,dann,daraufhin,darauf,darin,darunter,dazu,dort,"
         "hier,hierbei,hierzu,aber,auch,außerdem,bereits,denn,dennoch,doch,jedoch,erst,ferner,"
         "heute,insgesamt,jetzt,nun,ob,obwohl,oder,schließlich,so,somit,später,sowie,trotz,"
         "trotzdem,und,weil,weitere,weiterhin,wenn,wie,wo,zudem,zuletzt,zuvor,zwar,alle,allerdings,"
         "andere,beide,einige,etwa,immer,kein,keine,mehr,mehrere,nicht,noch,nur,sehr,viele,was,"
         "wer"},
    {.language = "fr",
     .always = "M.,MM.,Mme.,Mmes.,Mlle.,Mlles.,Me.,Dr.,Drs.,Pr.,Mgr.,St.,Ste.,Gal.,Cdt.,"
               "Lt.,p. ex.,c.-à-d.,cf.,vs.,env.,chap.,av.,apr.,ap. J.-C.,av. J.-C.,"
               "apr. J.-C.,dép.,hab.,inéd.,trad.,réimpr.,rééd.,coord.,sq.,boul.,bd.,"
               "fig.,pl.,tabl.,s. l.,s. d.",
     .before_digit = "art.,no.,nos.,vol.,p.,pp.,t.,n.,f.,ch.,par.,l.,op.,c.,ca.,tél.,tab.",
     .words = "All.,DC.,exempl.,Var.,Desc.,cam.,dest.,voit.,niv.,mar.,mer.,sam.,dim.,ill."},
    {.language = "es",
     .always =
         "Sr.,Sra.,Sres.,Sras.,Srta.,Srtas.,Dr.,Dra.,Dres.,Dras.,D.,Dª.,Dña.,Ud.,Uds.,Vd.,"
         "Vds.,Prof.,Profa.,Ing.,Arq.,Lic.,Gral.,Cnel.,Cap.,Tte.,Sgto.,Alm.,Pdte.,Mons.,Pbro.,"
         "Hno.,Hna.,Sto.,Sta.,Fr.,p. ej.,p. e.,v. gr.,i. e.,e. g.,cf.,cfr.,vid.,a. C.,d. C.,"
         "a. de C.,d. de C.,a. J. C.,d. J. C.,aprox.,art.,arts.,avda.,av.,ed.,eds.,trad.,"
         "núm.,núms.,nro.,nº.,pág.,págs.,vol.,vols.,cap.,caps.,fig.,figs.,tel.,teléf.,máx.,"
         "mín.,vs.,Univ.,dpto.,gob.,lat.,gr.,ing.,fr.",
     .before_digit = "p.,pp.,t.,no.,n.,f.,ss.,l.,ca.,c.,h.,op.,tab.",
     .words = "All.,Bien.,Sol.,Kit.,Rol.,SA.,RAM.,CA.,DC.,may.,vie.,mar.,lun.,dom.,ms.,ss.,ene.,"
              "Korn.,Ant."},
    {.language = "it",
     .always = "Sig.,Sigg.,Sig.ra.,Sig.na.,Dott.,Dott.ssa.,Dr.,Dr.ssa.,Prof.,Proff.,Prof.ssa.,Avv.,"
               "Ing.,Arch.,Geom.,Rag.,On.,Mons.,Gen.,Col.,Cap.,Magg.,Ten.,Serg.,S.,SS.,p. es.,"
               "ad es.,per es.,cfr.,cf.,v.,vd.,a. C.,d. C.,ca.,c. d.,art.,artt.,cap.,capp.,"
               "comma.,ed.,fig.,figg.,lett.,n.,nn.,nr.,num.,par.,pag.,pagg.,vol.,voll.,tel.,trad.,"
               "lat.,gr.,ingl.,ted.,fr.,sp.,vs.,V.le.,P.zza.,C.so.",
     .before_digit = "p.,pp.,t.,s.,ss.,f.,ff.,op.,l.,sec.",
     .words = "All.,all.,DC.,Liv.,ver.,int.,on.,rag.,comma."},
    {.language = "pt",
     .always =
         "Sr.,Sra.,Srs.,Sras.,Srta.,Dr.,Dra.,Drs.,Dras.,Prof.,Profa.,Profs.,Eng.,Arq.,Exmo.,"
         "Exma.,Ilmo.,Ilma.,V.Exa.,D.,Dom.,Fr.,Pe.,Sto.,Sta.,S.,Gen.,Gal.,Cel.,Cap.,Ten.,Sgt.,"
         "Alm.,Min.,Gov.,Dep.,Sen.,Pres.,p. ex.,i. e.,e. g.,cf.,vs.,v.,a. C.,d. C.,aprox.,"
         "art.,arts.,av.,cap.,caps.,ed.,eds.,fig.,figs.,núm.,nº.,n.º.,pág.,págs.,vol.,vols.,"
         "tel.,trad.,univ.,lat.,ingl.,fr.,máx.,mín.",
     .before_digit = "p.,pp.,t.,n.,f.,ff.,no.,l.,c.,ca.,op.,tab.",
     .words = "com.,cont.,mar.,mai.,mal.,lin.,ano.,fil.,sup.,des.,out.,cat.,prod.,rel.,ind.,trad.,"
              "port.,comp.,transp.,autom.,D.C l.,rementente.,rementente desc."},
    {.language = "nl",
     .always =
         "dhr.,mevr.,mw.,mej.,dr.,drs.,ir.,ing.,mr.,prof.,bc.,ds.,jhr.,jkvr.,kard.,kol.,kapt.,"
         "lt.,gen.,maj.,St.,H.,bijv.,bv.,d.w.z.,d.m.v.,i.p.v.,i.v.m.,i.t.t.,m.b.t.,m.i.v.,"
         "n.a.v.,o.a.,o.l.v.,t.a.v.,t.b.v.,t.e.m.,t.g.v.,t.o.v.,t/m.,v.a.,z.g.,zgn.,z.o.z.,"
         "a.d.h.v.,b.v.,c.q.,ca.,cf.,vgl.,resp.,evt.,incl.,excl.,ong.,vs.,"
         "v. Chr.,n. Chr.,v.Chr.,n.Chr.,art.,afb.,afd.,bijl.,blz.,dl.,fig.,hfst.,jrg.,nr.,nrs.,"
         "par.,red.,tel.,vert.,geb.,overl.,lat.,eng.,fr.",
     .before_digit = "max.,min.,p.,pp.,pag.,f.,ff.,op.,no.,t.,vol."},
    {.language = "sv",
     .always =
         "t. ex.,bl. a.,d. v. s.,dvs.,s. k.,f. d.,fr. o. m.,t. o. m.,m. a. o.,p. g. a.,"
         "f. n.,i st. f.,m. fl.,o. d.,e. d.,f. Kr.,e. Kr.,ca.,jfr.,jmf.,resp.,ev.,inkl.,exkl.,"
         "obs.,ang.,enl.,spec.,dr.,doc.,prof.,hr.,fr.,frk.,S:t.,St.,sid.,kap.,"
         "nr.,bd.,fig.,tab.,tel.,övers.,utg.,red.,uppl.,vol.,eng.,lat.",
     .before_digit = "art.,max.,min.,s.,p.,pp.,ff.,op.,no.,st."},
    {.language = "da",
     .always = "f. eks.,fx.,bl. a.,d. v. s.,dvs.,f. Kr.,e. Kr.,f.Kr.,e.Kr.,ca.,jf.,jvf.,evt.,inkl.,"
               "ekskl.,pga.,p.g.a.,ift.,ifm.,iht.,mht.,vedr.,hhv.,m.h.p.,bl.,ang.,tidl.,"
               "opr.,dr.,prof.,hr.,fr.,frk.,kgl.,Skt.,St.,pkt.,kap.,nr.,bd.,fig.,stk.,tlf.,"
               "udg.,red.,overs.,vol.,eng.,lat.,d.",
     .before_digit = "art.,maks.,min.,s.,p.,pp.,ff.,op.,no.,kl."},
    {.language = "nb",
     .always =
         "f. eks.,bl. a.,d. v. s.,dvs.,f. Kr.,e. Kr.,f.Kr.,e.Kr.,ca.,jf.,jfr.,evt.,inkl.,ekskl.,"
         "pga.,p.g.a.,ift.,iht.,mht.,vedr.,hhv.,ang.,tidl.,oppr.,dr.,prof.,hr.,fr.,"
         "frk.,kgl.,St.,pkt.,kap.,nr.,bd.,fig.,tlf.,utg.,red.,overs.,vol.,eng.,lat.,bl.",
     .before_digit = "art.,maks.,min.,s.,p.,pp.,ff.,op.,no.,kl."},
    {.language = "fi",
     .always = "esim.,ts.,mm.,ks.,vrt.,eKr.,jKr.,eaa.,jaa.,n.,noin.,os.,tri.,toht.,prof.,dos.,"
               "hra.,rva.,maist.,kapt.,kenr.,luutn.,maj.,ev.,vs.,puh.,nro.,nk.,ns.,ent.,synt.,"
               "engl.,lat.,ruots.,saks.,ven.,toim.,suom.,kuv.,liik.,tiet.",
     .before_digit = "s.,ss.,p.,luku.,kpl.,klo.,v.,op.,vol.,no."},
    {.language = "pl",
     .always = "np.,m.in.,m. in.,tzw.,tzn.,tj.,dr.,prof.,mgr.,inż.,hab.,płk.,ppłk.,gen.,kpt.,por.,"
               "ppor.,mjr.,kpr.,sierż.,marsz.,adm.,ks.,bp.,abp.,kard.,św.,śp.,bł.,o.,p.n.e.,"
               "ob.,pn.,płd.,płn.,zach.,wsch.,ok.,zob.,por.,wg.,ww.,ur.,zm.,im.,ul.,al.,pl.,os.,"
               "woj.,pow.,gm.,ang.,łac.,niem.,fr.,franc.,ros.,gr.,hiszp.,wł.,czes.,ukr.,"
               "red.,tłum.,wyd.,oprac.,tom.,nr.,rozdz.,rys.,tab.,poz.,ust.,art.,tel.,"
               "ds.,dot.,ew.,ewent.,jw.,l.mn.,l.p.,prok.,wym.,vs.",
     .before_digit = "min.,maks.,s.,str.,t.,r.,w.,pkt.,godz.,lit.,z.,op.,vol."},
    {.language = "cs",
     .always = "např.,tj.,tzn.,tzv.,popř.,příp.,resp.,mj.,cca.,srov.,vs.,dr.,prof.,"
               "doc.,ing.,mgr.,bc.,mudr.,judr.,phdr.,rndr.,paeddr.,thdr.,csc.,sv.,gen.,plk.,pplk.,"
               "kpt.,mjr.,por.,npor.,př. n. l.,n. l.,p.,pí.,sl.,č.,čís.,čl.,obr.,odst.,odd.,kap.,"
               "roč.,sv.,str.,tab.,tel.,ul.,nám.,tř.,angl.,lat.,něm.,fr.,rus.,řec.,slov.,"
               "zvl.,zejm.,vyd.,red.,přel.,nar.,zem.",
     .before_digit = "max.,min.,s.,r.,t.,písm.,op.,vol.,hod."},
    {.language = "hu",
     .always = "pl.,ill.,kb.,ún.,vö.,ld.,dr.,prof.,id.,ifj.,özv.,Szt.,Sz.,szt.,kr.e.,Kr. e.,Kr. u.,"
               "i. e.,i. sz.,i.e.,i.sz.,u.,ui.,szerk.,ford.,szül.,ang.,lat.,ném.,fr.,ógör.,gör.,"
               "or.,tel.,vs.,ált.,max.,min.,mr.,jan.,febr.,márc.,ápr.,jún.,júl.,aug.,szept.,okt.,"
               "nov.,dec.",
     .before_digit = "p.,pp.,o.,old.,no.,nr.,vol.,op."},
    {.language = "tr",
     .always = "Dr.,Prof.,Doç.,Yrd.,Uzm.,Av.,Öğr.,Gör.,Müh.,Mim.,Alb.,Yzb.,Bnb.,Tğm.,Org.,Korg.,"
               "Tümg.,Tuğg.,Gen.,Hz.,Sn.,Bn.,Bşk.,Bkz.,bkz.,bk.,krş.,ör.,örn.,yak.,yy.,haz.,çev.,"
               "ed.,Ltd.,Şti.,Cad.,Sok.,Mah.,Blv.,Apt.,Mr.,Mrs.,St.,No.,İng.,Lat.,"
               "Osm.,tel.",
     .before_digit = "s.,ss.,sf.,c.,cilt.,m.,md.,vol.,op.",
     .after_number = "bu,o,bir,ancak,ama,fakat,daha,şu,ve,ayrıca,böylece,sonra,bunun,onun,ilk,son,"
                     "her,ben,sen,biz,siz,onlar,bunlar"},
    {.language = "ro",
     .always =
         "dl.,d-l.,dna.,dr.,prof.,ing.,arh.,acad.,conf.,lect.,col.,cpt.,lt.,mr.,maj.,sg.,"
         "Sf.,sf.,Sfân.,ex.,de ex.,d. Hr.,î. Hr.,d.Hr.,î.Hr.,e.n.,î.e.n.,cf.,v.,vs.,cca.,aprox.,"
         "art.,alin.,cap.,ed.,fig.,nr.,pag.,pct.,str.,bd.,jud.,tel.,trad.,vol.,lat.,"
         "engl.,fr.,germ.,gr.,rus.,magh.",
     .before_digit = "p.,pp.,t.,op.,lit."},
    {.language = "ca",
     .always = "Sr.,Sra.,Srs.,Sres.,Srta.,Dr.,Dra.,Prof.,St.,Sta.,Mn.,Excm.,Il·lm.,p. ex.,a. C.,"
               "d. C.,cf.,vid.,aprox.,av.,avda.,ed.,fig.,núm.,pàg.,pàgs.,tel.,"
               "trad.,vs.,màx.,mín.,gral.,ptge.,pl.",
     .before_digit = "art.,cap.,vol.,vols.,p.,pp.,n.,f.,t.,op.,c.,ca."},
    {.language = "ru",
     .always = "проф.,акад.,доц.,инж.,канд.,чл.-корр.,ген.,полк.,подп.,кап.,лейт.,"
               "адм.,им.,св.,свт.,прп.,т. е.,т. н.,т. о.,т. к.,напр.,наз.,см.,ср.,"
               "англ.,нем.,фр.,франц.,лат.,греч.,др.-греч.,итал.,исп.,польск.,укр.,белор.,рус.,"
               "кит.,яп.,араб.,тур.,груз.,арм.,казах.,татар.,санскр.,ивр.,порт.,чеш.,венг.,фин.,"
               "швед.,нидерл.,букв.,ок.,прибл.,ред.,пер.,изд.,"
               "ул.,пл.,просп.,наб.,бул.,обл.,дер.,пос.,с.-х.,ж.-д.,гл.,ст.,рис.,табл.,"
               "вып.,кн.,ч.,соотв.,урожд.,псевд.,стр.,о.,оз.,р.",
     .before_digit = "мин.,макс.,род.,ум.,с.,т.,тт.,п.,пп.,кв.,д.,корп.,л.",
     .words = "руб.,тыс."},
    {.language = "uk",
     .always = "п.,проф.,акад.,доц.,інж.,канд.,чл.-кор.,ген.,полк.,ім.,св.,свт.,т. зв.,"
               "т. з.,напр.,див.,пор.,англ.,нім.,фр.,лат.,грец.,дав.-гр.,італ.,ісп.,пол.,рос.,укр.,"
               "біл.,кит.,яп.,араб.,тур.,букв.,до н. е.,н. е.,бл.,прибл.,ред.,пер.,вид.,"
               "вул.,пл.,просп.,пров.,бул.,обл.,смт.,гл.,ст.,рис.,табл.,вип.,кн.,ч.,о.,"
               "оз.",
     .before_digit = "мін.,макс.,нар.,пом.,с.,т.,тт.,кв.,буд.,корп.,арк."},
};
const size_t abbreviation_list_count = sizeof abbreviation_lists / sizeof *abbreviation_lists;
