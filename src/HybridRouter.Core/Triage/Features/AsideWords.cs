namespace HybridRouter.Triage.Features;

/// <summary>What a word can say about a clause that holds no part of the task. Flags.</summary>
[Flags]
internal enum AsideWord : byte
{
    None = 0,

    /// <summary>Says nothing by itself.</summary>
    Stop = 1,

    /// <summary>Talks of the request, its weight, or who should answer it, not of what is asked.</summary>
    Handling = 2,

    /// <summary>Typical of licences, mail footers and consent banners.</summary>
    Notice = 4,

    /// <summary>Ends a letter.</summary>
    Closing = 8,

    /// <summary>Marks what follows as beside the point.</summary>
    Irrelevant = 16,

    /// <summary>Opens an ask.</summary>
    Task = 32,
}

/// <summary>Single words by what they say about a clause. No phrases: a clause is judged by the share of such words in it.</summary>
internal static class AsideWords
{
    private const string Stop =
        "a an the this that these those it its is are was were be been am i me my you your we our us they them he she to of in on at for from with by and or but so if as not no "
        + "do does did don't can could would should will shall may might just really very extremely super highly quite too also there here what which who how when where why one "
        + "any some all more most much many than then up out about into over yes ok hi hello hey dear let get have has had want like note output thing";

    private const string Handling =
        "easy hard difficult difficulty simple simply trivial basic complex complexity tricky tough challenging challenge advanced beginner expert senior junior obvious straightforward "
        + "nontrivial demanding quick quickly small tiny little big large huge urgent urgently asap immediately critical important importance priority warning attention please help "
        + "thank appreciate need needs require must career deadline mission favor favour think thinking reason reasoning careful carefully deep deeply effort maximum best better smart "
        + "smartest strong stronger strongest powerful intelligent capable clever cheap cheapest expensive enough second minute route router routing local locally cloud remote prem premise "
        + "model llm ai assistant system admin override instruction prompt request message question task problem job ask answer reply respond response send forward escalate use keep stay go "
        + "skip ignore disregard bypass force always never only classifier classify classification score rating rate label level confidence high low medium right sanity check target "
        + "provider take time hurry effortless effortlessly painless elementary easily fun fancy light lightweight routine warm exercise homework piece cake child "
        + "kid brainer nothing novice brutal nasty fiendish fiendishly insane notorious notoriously genius caution serious severe crucial vital essential paramount mission stake emergency incident "
        + "nobody everyone struggle stuck solve research grade gun full compute brain intelligence ai policy priority tier premium endpoint backend gateway upstream api hosted frontier token verdict "
        + "probability estimate offline private privacy hardware mode parameter destination operator contract traffic team order handle hand forwarded treat says say guess bet sure honestly believe";

    private const string Notice =
        "copyright license licence licensed spdx warranty liability liable merchantability fitness permission permitted granted redistribute redistribution rights right reserved notice "
        + "retained distributed distribution compliance governed terms law applicable copy copies damage implied express contributor author holder software disclaim disclaimer confidential "
        + "confidentiality intended recipient addressee privileged disclosure disclose prohibited forbidden unlawful unauthorised unauthorized sender notify email mail e-mail attachment "
        + "legally protected registered register commercial printing communication cookie consent privacy policy partner advertising advert ads ad marketing analytics personalise "
        + "personalize personal tracking preference accept decline reject agree setting website site browse visitor identifier device traffic experience";

    private const string Closing = "regards sincerely cheers greetings";
    private const string Irrelevant = "irrelevant unrelated ignore disregard noise accident unimportant relevant ignored";

    private const string Task =
        "write implement create add fix explain build make show give generate design refactor convert return find compute given why how what which is are can could change rename "
        + "debug review optimize optimise translate describe remove replace update parse test";

    private const int Slots = 2048;
    private static readonly uint[] Keys = new uint[Slots];
    private static readonly AsideWord[] Kinds = new AsideWord[Slots];

    /// <summary>One bit for each key, as in <see cref="Lexicon"/>: most words are in no list.</summary>
    private static readonly ulong[] Known = new ulong[256];

    static AsideWords()
    {
        foreach (var (words, kind) in ((string, AsideWord)[])[
            (Stop, AsideWord.Stop), (Handling, AsideWord.Handling), (Notice, AsideWord.Notice), (Closing, AsideWord.Closing), (Irrelevant, AsideWord.Irrelevant), (Task, AsideWord.Task)])
        {
            foreach (var word in words.Split(' '))
                Put(WordHash.Of(word), kind);
        }
    }

    public static AsideWord Of(uint key)
    {
        if ((Known[key >> 24] >> (int)((key >> 18) & 63) & 1) == 0)
            return AsideWord.None;
        for (var slot = key & (Slots - 1); ; slot = (slot + 1) & (Slots - 1))
        {
            if (Keys[slot] == key)
                return Kinds[slot];
            if (Keys[slot] == 0)
                return AsideWord.None;
        }
    }

    public static string AllWords => string.Join(' ', Stop, Handling, Notice, Closing, Irrelevant, Task);

    private static void Put(uint key, AsideWord kind)
    {
        var slot = key & (Slots - 1);
        while (Keys[slot] != 0 && Keys[slot] != key)
            slot = (slot + 1) & (Slots - 1);
        Known[key >> 24] |= 1UL << (int)((key >> 18) & 63);
        Keys[slot] = key;
        Kinds[slot] |= kind;
    }
}
