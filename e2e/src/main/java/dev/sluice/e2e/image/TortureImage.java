package dev.sluice.e2e.image;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * An image whose layers hold what is awkward and yet legal: names, sizes, kinds, attributes and the ways in which one layer
 * changes another. The same on every machine and in every run.
 */
public final class TortureImage {

    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;
    private static final int MANY_FILES = 20_000;
    private static final int FEWER_FILES = 300;
    private static final int FEWER_BYTES = 128 * KIB;
    private static final int MANY_LINKS = 40;

    /** In a header of a tar. */
    private static final long LARGEST_OWNER = 07777777;

    /** cap_net_bind_service, effective and permitted, as the kernel stores it (revision 2, little-endian). */
    private static final byte[] CAPABILITY = HexFormat.of().parseHex("0100000200040000000000000000000000000000");

    private TortureImage() {}

    /** Entries of each layer, the lowest first. The second layer stands twice in the list. */
    public static List<List<TarEntry>> layers() {
        return layers(MANY_FILES, Integer.MAX_VALUE);
    }

    /** The same without what is only large, for machines on which that takes long. */
    public static List<List<TarEntry>> smallLayers() {
        return layers(FEWER_FILES, FEWER_BYTES);
    }

    /** The same with files of all sizes, but not so many of them. */
    public static List<List<TarEntry>> fewerFiles() {
        return layers(FEWER_FILES, Integer.MAX_VALUE);
    }

    /**
     * Layers without what some makers of images fail at, or change. That is for nydus-image 2.2: line feeds in names and values of attributes;
     * owners that only an extended header can hold; directories that a higher layer has without naming them, which become root's; hard
     * links of which a higher layer replaces one. For mkfs.erofs of Debian 12: names of 255 bytes, and paths as long as they may be. For GNU
     * tar, which unpacks for it: times before 1970, which containerd does not keep, and directories with links to files elsewhere, which
     * it gives the time of unpacking.
     */
    public static List<List<TarEntry>> forFrailMakers(List<List<TarEntry>> layers) {
        return layers.stream()
                .map(layer -> layer.stream().filter(entry -> !isTooMuch(entry)).toList())
                .toList();
    }

    private static boolean isTooMuch(TarEntry entry) {
        String path = entry.path();
        return path.contains("\n")
                || entry.xattrs().containsKey("user.binary")
                || entry.uid() > LARGEST_OWNER
                || path.startsWith("special")
                || path.startsWith("change/hard link")
                || path.startsWith("deep")
                || path.startsWith("links/elsewhere")
                || entry.mtime().getEpochSecond() < 0
                || Stream.of(path.split("/", -1)).anyMatch(name -> name.getBytes(StandardCharsets.UTF_8).length == 255);
    }

    private static List<List<TarEntry>> layers(int manyFiles, int largest) {
        List<TarEntry> changes = changes();
        return List.of(base(largest), changes, additions(), List.of(), changes, manyFiles(manyFiles), whiteoutsOnly());
    }

    private static List<TarEntry> base(int largest) {
        List<TarEntry> entries = new ArrayList<>();
        addNames(entries);
        addSizes(entries, largest);
        addKinds(entries);
        addAttributes(entries);
        addHardLinks(entries);
        addDeepPath(entries);
        addWhatLaterLayersChange(entries);
        return List.copyOf(entries);
    }

    private static void addNames(List<TarEntry> entries) {
        entries.add(TarEntry.directory("names"));
        List<String> names = List.of(
                "a".repeat(255),
                "\u20ac".repeat(85),
                "new\nline",
                "tab\tand\rreturn",
                "quotes \" ' `",
                "back\\slash",
                " leading and trailing ",
                "-dash",
                "...",
                ".whale",
                "\u00e4\u00f6\u00fc composed",
                "a\u0308o\u0308u\u0308 decomposed",
                "\u65e5\u672c\u8a9e",
                "\ud83d\udea2 container ship",
                "control \u0001\u001f\u007f",
                "percent %41 %");
        for (String name : names) {
            entries.add(TarEntry.file("names/" + name, name.getBytes(StandardCharsets.UTF_8)));
        }
        entries.add(TarEntry.directory("names/" + "d".repeat(255)));
        entries.add(TarEntry.file("names/" + "d".repeat(255) + "/" + "f".repeat(255), random(77)));
    }

    private static void addSizes(List<TarEntry> entries, int largest) {
        entries.add(TarEntry.directory("sizes"));
        List<Integer> sizes = List.of(
                0,
                1,
                511,
                512,
                513,
                4095,
                4096,
                4097,
                8191,
                8192,
                8193,
                65_535,
                65_536,
                65_537,
                4 * MIB - 1,
                4 * MIB,
                4 * MIB + 1,
                8 * MIB + 4097);
        for (int size : sizes) {
            if (size <= largest) {
                entries.add(TarEntry.file("sizes/" + size, random(size)));
            }
        }
        entries.add(TarEntry.file("sizes/zeros", new byte[5 * MIB + 5]));
        entries.add(TarEntry.file("sizes/same as 65537", random(65_537)));
    }

    private static void addKinds(List<TarEntry> entries) {
        entries.add(TarEntry.directory("kinds"));
        entries.add(TarEntry.characterDevice("kinds/null", 1, 3));
        entries.add(TarEntry.characterDevice("kinds/large numbers", 511, 1_000_000));
        entries.add(TarEntry.blockDevice("kinds/loop0", 7, 0));
        entries.add(TarEntry.fifo("kinds/fifo"));
        entries.add(TarEntry.directory("kinds/empty directory"));
        entries.add(TarEntry.symlink("kinds/relative", "../sizes/4096"));
        entries.add(TarEntry.symlink("kinds/absolute", "/sizes/4096"));
        entries.add(TarEntry.symlink("kinds/dangling", "nowhere/at all"));
        entries.add(TarEntry.symlink("kinds/out of the image", "../../../../../etc/passwd"));
        entries.add(TarEntry.symlink("kinds/to itself", "to itself"));
        entries.add(TarEntry.symlink("kinds/long", "x/".repeat(2000)));
        entries.add(TarEntry.symlink("kinds/not ASCII", "\u65e5\u672c\u8a9e"));
    }

    private static void addAttributes(List<TarEntry> entries) {
        entries.add(TarEntry.directory("attributes"));
        for (int mode : new int[] {0, 0111, 0400, 0777, 01644, 02755, 04755, 06711, 07777}) {
            entries.add(TarEntry.file("attributes/mode " + Integer.toOctalString(mode), random(mode))
                    .withMode(mode));
        }
        entries.add(TarEntry.directory("attributes/sticky").withMode(01777));
        entries.add(TarEntry.directory("attributes/setgid").withMode(02775).withOwner(1000, 1000));
        entries.add(TarEntry.file("attributes/owner 65536", random(10)).withOwner(65_536, 65_537));
        entries.add(TarEntry.file("attributes/owner 2^31", random(10)).withOwner(1L << 31, (1L << 31) + 1));
        entries.add(TarEntry.file("attributes/owner 2^32-2", random(10)).withOwner(4_294_967_294L, 4_294_967_294L));
        entries.add(TarEntry.symlink("attributes/owned symlink", "sticky").withOwner(1000, 1001));
        for (String time : List.of(
                "1901-12-14T00:00:00Z",
                "1969-12-31T23:59:59Z",
                "1970-01-01T00:00:00Z",
                "2038-01-19T03:14:08Z",
                "2106-02-07T06:28:17Z",
                "2021-06-07T08:09:10.987654321Z")) {
            entries.add(TarEntry.file("attributes/time " + time, random(3)).withMtime(Instant.parse(time)));
        }
        entries.add(TarEntry.file("attributes/capability", random(4097))
                .withMode(0755)
                .withXattr("security.capability", CAPABILITY));
        entries.add(TarEntry.file("attributes/xattrs", random(100))
                .withXattr("user.text", "value".getBytes(StandardCharsets.UTF_8))
                .withXattr("user.binary", new byte[] {0, 1, '\n', (byte) 0xff, '='})
                .withXattr("user.empty", new byte[0])
                .withXattr("user.large", random(2000))
                .withXattr("user." + "n".repeat(250), new byte[] {1}));
        entries.add(TarEntry.directory("attributes/xattr directory")
                .withXattr("user.text", "directory".getBytes(StandardCharsets.UTF_8)));
        entries.add(TarEntry.file("attributes/same xattrs", random(101))
                .withXattr("user.text", "value".getBytes(StandardCharsets.UTF_8)));
    }

    private static void addHardLinks(List<TarEntry> entries) {
        entries.add(TarEntry.directory("links"));
        entries.add(TarEntry.directory("links/elsewhere"));
        entries.add(TarEntry.file("links/0", random(10_000)).withOwner(5, 6).withMode(0751));
        for (int i = 1; i < MANY_LINKS; i++) {
            String name = i % 2 == 0 ? "links/" + i : "links/elsewhere/" + i;
            entries.add(TarEntry.hardLink(name, "links/0").withOwner(5, 6).withMode(0751));
        }
        entries.add(TarEntry.file("links/empty", new byte[0]));
        entries.add(TarEntry.hardLink("links/empty too", "links/empty"));
    }

    /** As long as paths may be when the snapshotter's own directory comes before them. */
    private static void addDeepPath(List<TarEntry> entries) {
        StringBuilder path = new StringBuilder("deep");
        entries.add(TarEntry.directory(path.toString()));
        for (int i = 0; path.length() < 3500; i++) {
            path.append('/').append(Integer.toString(i)).append("d".repeat(118));
            entries.add(TarEntry.directory(path.toString()));
        }
        entries.add(TarEntry.file(path + "/bottom", random(12_345)));
    }

    private static void addWhatLaterLayersChange(List<TarEntry> entries) {
        entries.add(TarEntry.directory("change"));
        entries.add(TarEntry.file("change/overwritten", random(20_000)));
        entries.add(TarEntry.file("change/only its mode", random(20_001)));
        entries.add(TarEntry.file("change/removed", random(30)));
        entries.add(TarEntry.file("change/removed and made again", random(31)));
        entries.add(TarEntry.directory("change/removed directory"));
        entries.add(TarEntry.file("change/removed directory/file", random(32)));
        entries.add(TarEntry.directory("change/opaque"));
        entries.add(TarEntry.file("change/opaque/hidden", random(33)));
        entries.add(TarEntry.directory("change/opaque/hidden directory"));
        entries.add(TarEntry.directory("change/directory becomes file"));
        entries.add(TarEntry.file("change/directory becomes file/inside", random(34)));
        entries.add(TarEntry.file("change/file becomes directory", random(35)));
        entries.add(TarEntry.directory("change/directory becomes symlink"));
        entries.add(TarEntry.file("change/directory becomes symlink/inside", random(36)));
        entries.add(TarEntry.symlink("change/symlink becomes directory", "opaque"));
        entries.add(TarEntry.file("change/hard link 1", random(37)));
        entries.add(TarEntry.hardLink("change/hard link 2", "change/hard link 1"));
        entries.add(TarEntry.directory("special")
                .withMode(0711)
                .withOwner(1234, 5678)
                .withXattr("user.kept", "yes".getBytes(StandardCharsets.UTF_8)));
        entries.add(TarEntry.directory("special/below").withMode(01777).withOwner(4321, 8765));
        entries.add(TarEntry.file("special/below/old", random(38)));
    }

    private static List<TarEntry> changes() {
        return List.of(
                TarEntry.directory("change"),
                TarEntry.file("change/overwritten", random(20_002)),
                TarEntry.file("change/only its mode", random(20_001)).withMode(0600),
                TarEntry.whiteout("change/removed"),
                TarEntry.whiteout("change/removed directory"),
                TarEntry.whiteout("change/removed and made again"),
                TarEntry.file("change/removed and made again", random(40)),
                TarEntry.directory("change/opaque").withMode(0700),
                TarEntry.opaque("change/opaque"),
                TarEntry.file("change/opaque/new", random(41)),
                TarEntry.file("change/directory becomes file", random(42)),
                TarEntry.directory("change/file becomes directory"),
                TarEntry.file("change/file becomes directory/inside", random(43)),
                TarEntry.symlink("change/directory becomes symlink", "opaque"),
                TarEntry.directory("change/symlink becomes directory"),
                TarEntry.file("change/symlink becomes directory/inside", random(44)),
                TarEntry.file("change/hard link 1", random(45)));
    }

    /** Names a few directories only by what lies in them. */
    private static List<TarEntry> additions() {
        return List.of(
                TarEntry.file("special/below/new", random(50)),
                TarEntry.file("never/named/anywhere", random(51)),
                TarEntry.file("change/opaque/newer", random(52)),
                TarEntry.directory("trusted")
                        .withXattr("trusted.overlay.opaque", new byte[] {'y'})
                        .withXattr("trusted.other", new byte[] {'x'}),
                TarEntry.file("trusted/redirect", random(53))
                        .withXattr("trusted.overlay.redirect", "/etc".getBytes(StandardCharsets.UTF_8)));
    }

    private static List<TarEntry> manyFiles(int count) {
        List<TarEntry> entries = new ArrayList<>();
        entries.add(TarEntry.directory("many"));
        for (int i = 0; i < count; i++) {
            entries.add(TarEntry.file("many/file " + i, random(i % 300)));
        }
        return List.copyOf(entries);
    }

    private static List<TarEntry> whiteoutsOnly() {
        return List.of(TarEntry.whiteout("many/file 7"), TarEntry.whiteout("sizes/8193"));
    }

    /** Bytes that do not compress and depend on their number alone. */
    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
