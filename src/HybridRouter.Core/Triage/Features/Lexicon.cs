namespace HybridRouter.Triage.Features;

/// <summary>
/// Words and two-word phrases grouped into concepts that a developer would name as a reason. A concept is counted, so
/// that a word never seen in training still speaks through its group. Phrases are written with an underscore.
/// </summary>
internal static class Lexicon
{
    /// <summary>Concept in words, then its words.</summary>
    public static readonly (string Name, string Words)[] Concepts =
    [
        ("conditions", "if unless except otherwise when whenever only wenn falls sonst außer nur si sauf sinon solo excepto если кроме только se eccetto als behalve tenzij"),
        ("hard requirements", "must mustn't never always exactly strictly guarantee guaranteed ensure invariant muss müssen darf niemals genau doit jamais exactement debe nunca exactamente должен никогда ровно deve nunca mai"),
        ("prohibitions", "without cannot can't don't not no ohne nicht kein keine sans pas sin без не нельзя sem senza zonder avoid forbidden disallowed"),
        ("limits in words", "at_least at_most no_more no_less up_to more_than less_than fewer_than greater_than as_few as_many mindestens höchstens moins plus menos más"),
        ("minimise or maximise", "minimum maximum minimal maximal minimize maximize minimise maximise minimizing maximizing smallest largest shortest longest fewest biggest cheapest optimal optimum best lexicographically kleinste größte"),
        ("plain minimum or maximum", "min max lowest highest average mean median sum total"),
        ("counting", "number_of how_many count_the ways distinct different_ways modulo mod 998244353 1000000007 probability expected_value expectation combination permutation"),
        ("feasibility", "possible impossible determine whether whether_it can_be reachable feasible valid"),
        ("quantifiers", "every all any each pair triple for_every for_all for_each exists"),
        ("definitions", "define defined denote denoted called consider considered let suppose such_that satisfy satisfies satisfying satisfied condition following_conditions"),
        ("graphs and trees", "graph tree vertex vertice edge node root leaf path cycle dag connected component ancestor subtree bipartite spanning directed undirected topological"),
        ("sequences", "subsequence subarray substring subset permutation prefix suffix contiguous interval segment range sequence palindrome rotation"),
        ("grids", "grid matrix cell row column board square rectangle coordinate plane diagonal adjacent"),
        ("repeated queries", "query queries test_case operation update turn step round simulate simulation move day second minute"),
        ("games and choices", "player game alice bob optimally play win winner strategy choose pick select"),
        ("number theory", "prime divisor divisible gcd lcm factor factorial digit binary integer xor bitwise parity even odd base"),
        ("geometry", "point line polygon circle angle distance euclidean convex hull intersect area radius"),
        ("named techniques", "dp dynamic_programming memo greedy backtrack bfs dfs dijkstra fft convolution trie fenwick heap union_find segment_tree binary_search sliding_window monotonic bitmask knapsack"),
        ("text handling", "string character letter word vowel uppercase lowercase space text sentence substring char concatenate split join trim replace reverse"),
        ("lists", "list array tuple dictionary dict map set element item index sort sorted filter append remove duplicate nested"),
        ("concurrency", "race deadlock livelock thread lock mutex atomic concurrent concurrently concurrency async await goroutine channel semaphore barrier reentrancy reentrant cancel cancelled cancellation cancelling volatile fence ordering lockfree starvation contention"),
        ("distributed systems", "idempotent idempotency replica replication quorum partition leader failover consistency eventually shard sharding exactly_once at_least_once kafka consumer rebalance saga outbox clock_skew consensus raft"),
        ("memory and lifetime", "lifetime borrow borrowed unsafe pointer leak dangling alignment aligned gc heap stack overflow use_after segfault undefined allocator alloc allocation copy zero_copy ownership"),
        ("types and generics", "generic variance covariant contravariant infer inference trait constexpr template conditional_type mapped overload macro monad functor higher_kinded existential"),
        ("performance", "performance slow faster latency throughput p99 benchmark cache simd vectorize bottleneck profiling profile hotspot regress regression milliseconds amortized logarithmic linear_time constant_time"),
        ("intermittent trouble", "sometimes intermittent intermittently occasionally randomly rarely flaky once_in every_few only_when only_in only_under only_after manchmal parfois veces иногда sporadic heisenbug stuck hang frozen stall"),
        ("why questions", "why explain reason cause root_cause warum pourquoi por_qué почему what_happen explique erkläre proof prove show_that"),
        ("how-to questions", "how how_do how_can what what_is which wie comment cómo como как"),
        ("small edits", "rename typo format indent comment print log hello readme docstring add_a change_the one_liner quick just simple simply basic short example tiny beginner trivial"),
        ("conversions", "convert translate port rewrite turn_into parse serialize json csv yaml xml regex"),
        ("writing code", "write implement function method class create build make generate return schreibe écris escribe напиши"),
        ("fixing", "fix bug error exception fail fails failed failing failure broken crash wrong doesn't debug problem issue throws"),
        ("reviewing", "review critique spot improve refactor clean readable simplify smell feedback"),
        ("testing", "test unit mock assert coverage fixture pytest jest junit xunit"),
        ("design", "design architecture schema migrate migration tradeoff scale scaling tenant service api model approach strategy"),
        ("databases", "sql query select join index table transaction isolation postgres mysql sqlite window_function cte upsert row"),
        ("shell and infrastructure", "bash awk sed grep docker kubernetes kubectl helm terraform nginx systemd ssh cron yaml pod container ansible"),
        ("web and interface", "html css react component button div page form flexbox vue angular render hook state"),
        ("precision and edge cases", "edge_case corner empty null nan negative zero overflow underflow rounding precision tie tie_break unicode surrogate grapheme timezone dst leap leap_year locale"),
        ("formal languages", "grammar parser precedence associativity tokenizer lexer ast escape escaped backreference lookahead bytecode compiler interpreter vm opcode regexp"),
        ("keeping behaviour", "preserve unchanged same_order same_result stable backward compatible behaviour behavior keep_the byte_for round_trip lossless"),
        ("streams and incremental work", "stream streaming lazy lazily incremental online chunk chunked buffer backpressure resume iterator generator"),
        ("cryptography and bits", "crypto aes sha hmac signature nonce bitmap bit byte endian checksum crc varint encode decode"),

        // From here on: what a clip shows. A short local clip brings one picture to life; these say what goes beyond, or stays within.
        ("several shots", "then cut_to scene shot montage transition storyboard sequence intercut first second third finally next afterwards before after trailer episode dann danach schnitt puis ensuite luego después затем потом poi depois"),
        ("speech or sound", "say saying said speak speaking talk talking tell telling dialogue voice sing singing lip lip_sync narrate narrator narration music song sound audio whisper shout scream laugh laughing announce interview speech explain sagt spricht singt dit parle chante dice habla canta говорит поет"),
        ("readable text", "text caption title logo word letter sign subtitle written write writing headline banner slogan brand typography neon_sign schrift texte texto надпись"),
        ("faces and identity", "face facial expression same_person same_character same_woman same_man identity recognizable smile smiling cry crying wink portrait emotion gesicht visage rostro лицо"),
        ("bodies at work", "dance dancing run running jump jumping climb climbing swim swimming skate skating ski skiing surf surfing box boxing fight fighting kick punch gymnast backflip somersault ballet sprint wrestle workout tanzt läuft danse court baila corre танцует бежит"),
        ("hands at work", "hand finger hands knit knitting sew tie tying type typing fold folding cut cutting slice slicing chop stir knead draw drawing paint_a play_piano piano guitar juggle shuffle peel assemble"),
        ("acting on each other", "each_other hug hugging kiss shake handshake hand_over give gives pass throw throwing catch catching chase chasing pull push together team partner argue conversation meet greet between two_people two_men two_women couple umarmt embrasse abraza"),
        ("cause and effect", "pour pouring splash splashing shatter shattering break breaking crash crashing collide collision explode explosion burst melt melting dissolve fall falling drop dropping bounce bouncing spill roll rolling tip topple domino burn burning freeze boil boiling inflate crush mix mixing react domino"),
        ("becoming something else", "transform transforming transformation turn_into turns_into morph morphing become becomes becoming change changing grow growing grows bloom blooming age aging evolve reveal appear appears disappear disappears vanish emerge verwandelt transforme transforma превращается"),
        ("camera work", "camera dolly dolly_zoom tracking tracking_shot pan panning tilt zoom zooming drone fpv orbit orbiting crane whip handheld pov follow following circle circling rotate fly_through kamera caméra cámara камера"),
        ("gentle camera", "slow_push slowly push_in slow_zoom static_shot static still locked tripod fixed gentle_pan slow_pan subtle"),
        ("length", "minute second hour long_take continuous one_take loop duration entire whole full_length day season year"),
        ("fast time", "timelapse time_lapse hyperlapse sped sunrise_to day_to night_to over_time over_the from_seed construction months years"),
        ("slow time", "slow_motion slow_mo bullet_time"),
        ("exact counts", "two three four five six seven eight nine ten dozen several many pair zwei drei vier deux trois quatre dos tres cuatro два три"),
        ("places in the picture", "left right left_to right_to from_left from_right behind in_front above below under towards away_from upper lower corner foreground background side"),
        ("crowds", "crowd audience people fans army soldiers market street_market busy festival parade stadium traffic children students players group menge foule multitud толпа"),
        ("ambient motion", "wave drift drifting float floating flicker flickering glow glowing sway swaying ripple rippling breeze wind smoke steam mist fog rain snow snowflakes cloud flame candle leaf water lake river waterfall ocean shimmer sparkle dust curtain breathing blinking"),
        ("still scenes", "landscape mountain forest field meadow sky sunset sunrise dusk dawn moon star aurora desert beach valley hill garden room interior street building castle cabin bridge ruin skyline"),
        ("single things", "cup mug vase bottle watch shoe ring book lamp clock flower rose fruit cake bowl statue car product turntable rotating jewel perfume chair toy plate"),
        ("styles", "style painting watercolor oil_painting anime cartoon sketch pixel claymation stop_motion cinematic 8k hdr photorealistic realistic ultra detailed masterpiece epic bokeh lighting noir vintage retro cyberpunk surreal minimalist"),
        ("living subjects", "cat dog bird horse fish butterfly owl fox lion elephant panda rabbit woman man girl boy person child baby face hair dragon robot astronaut knight"),
    ];

    /// <summary>Concepts from here on are about clips.</summary>
    private static readonly int FirstOfVideo = Array.FindIndex(Concepts, c => c.Name == "several shots");

    /// <summary>The concepts that a domain reads, as a range of indices.</summary>
    public static (int From, int To) RangeOf(PromptDomain domain) => domain == PromptDomain.Video ? (FirstOfVideo, Concepts.Length) : (0, FirstOfVideo);

    /// <summary>The first concepts, up to this one, are ways of stating a condition.</summary>
    public const int LimitsInWords = 3;

    public const int Optimising = 4;
    public const int Counting = 6;

    private const int Slots = 4096;
    private static readonly uint[] Keys = new uint[Slots];
    private static readonly ulong[] Masks = new ulong[Slots];

    /// <summary>One bit for each key, by other bits of the hash: most words are in no list, and this says so from the nearest cache.</summary>
    private static readonly ulong[] Known = new ulong[256];

    static Lexicon()
    {
        for (var concept = 0; concept < Concepts.Length; concept++)
        {
            foreach (var entry in Concepts[concept].Words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                Put(KeyOf(entry), 1UL << concept);
        }
    }

    /// <summary>The concepts of a word or phrase as bits, 0 for none.</summary>
    public static ulong ConceptsOf(uint key)
    {
        if ((Known[key >> 24] >> (int)((key >> 18) & 63) & 1) == 0)
            return 0;
        for (var slot = key & (Slots - 1); ; slot = (slot + 1) & (Slots - 1))
        {
            if (Keys[slot] == key)
                return Masks[slot];
            if (Keys[slot] == 0)
                return 0;
        }
    }

    private static uint KeyOf(string entry)
    {
        var parts = entry.Split('_');
        return parts.Length == 1
            ? WordHash.Of(parts[0])
            : WordHash.Pair(WordHash.Of(parts[0]), WordHash.Of(parts[1]));
    }

    private static void Put(uint key, ulong mask)
    {
        var slot = key & (Slots - 1);
        while (Keys[slot] != 0 && Keys[slot] != key)
            slot = (slot + 1) & (Slots - 1);
        Known[key >> 24] |= 1UL << (int)((key >> 18) & 63);
        Keys[slot] = key;
        Masks[slot] |= mask;
    }
}
