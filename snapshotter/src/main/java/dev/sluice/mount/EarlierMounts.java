package dev.sluice.mount;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.fill.BootId;
import dev.sluice.linux.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The mounts of earlier daemons of this boot, by the place where they were mounted. New containers get new mounts, but those that were
 * running then still use them. A mount is tainted if its layer was incomplete while nobody could make readers wait: its page cache may
 * hold zeros for ever. What uses it has to be restarted.
 *
 * <p>Kept in a text file: {@code sluice earlier-mounts 1}, {@code boot ID}, then one line for each, {@code clean|tainted LAYER PLACE}. It
 * need not outlive a crash of the machine, which no mount does. Not safe for use by many threads.
 */
final class EarlierMounts {
    private static final String MAGIC = "sluice earlier-mounts 1";
    private static final Pattern LINE = Pattern.compile("(clean|tainted) ([0-9a-f]{64}) (/.*)");
    private static final String LOWER_DIRECTORIES = "lowerdir=";
    private static final String LOWER_DIRECTORY = "lowerdir+=";

    private final Path file;
    private final BootId boot;
    /** Of the mount points. */
    private final Path root;

    private final Map<Path, Earlier> mounts = new TreeMap<>();

    /**
     * A mount.
     *
     * @param tainted whether what was read from it may have been zeros
     */
    record Earlier(LayerId layer, boolean tainted) {}

    /**
     * An overlay that uses a tainted mount.
     *
     * @param directory where it is mounted
     */
    record Victim(Path directory, LayerId layer) {}

    private EarlierMounts(Path file, BootId boot, Path root) {
        this.file = file;
        this.boot = boot;
        this.root = root;
    }

    /**
     * Reads what is known; nothing if the file is of another boot, damaged or missing.
     *
     * @param root where layers are mounted, each at a place of its own below
     */
    static EarlierMounts open(Path file, BootId boot, Path root) throws IOException {
        EarlierMounts mounts = new EarlierMounts(file, boot, root);
        List<String> lines;
        try {
            lines = Files.readAllLines(file, UTF_8);
        } catch (NoSuchFileException e) {
            return mounts;
        }
        if (lines.size() > 1 && lines.get(0).equals(MAGIC) && lines.get(1).equals("boot " + boot.value())) {
            for (String line : lines.subList(2, lines.size())) {
                Matcher matcher = LINE.matcher(line);
                if (matcher.matches()) {
                    mounts.mounts.put(
                            Path.of(matcher.group(3)),
                            new Earlier(
                                    new LayerId(matcher.group(2)),
                                    matcher.group(1).equals("tainted")));
                }
            }
        }
        return mounts;
    }

    /**
     * Remembers what the process before has mounted, and forgets what nothing uses.
     *
     * @param table with the mounts of the process before
     * @param tainted whether readers of a layer may have been given zeros since then
     */
    void update(MountTable table, Predicate<LayerId> tainted) throws IOException {
        Set<Path> used = new LinkedHashSet<>();
        table.mounts().forEach(mount -> used.addAll(lowers(mount)));
        mounts.keySet().retainAll(used);
        for (MountTable.Mount mount : table.under(root)) {
            Path layer = Path.of(mount.source()).getParent();
            if (mount.type().equals("erofs") && layer != null && layer.getFileName() != null) {
                String name = layer.getFileName().toString();
                if (name.matches("[0-9a-f]{64}")) {
                    mounts.put(Path.of(mount.mountPoint()), new Earlier(new LayerId(name), false));
                }
            }
        }
        mounts.replaceAll(
                (place, earlier) -> new Earlier(earlier.layer(), earlier.tainted() || tainted.test(earlier.layer())));
        write();
    }

    /** The overlays that use a tainted mount now. */
    List<Victim> victims(MountTable table) {
        List<Victim> victims = new ArrayList<>();
        for (MountTable.Mount mount : table.mounts()) {
            for (Path lower : lowers(mount)) {
                Earlier earlier = mounts.get(lower);
                if (earlier != null && earlier.tainted()) {
                    victims.add(new Victim(Path.of(mount.mountPoint()), earlier.layer()));
                }
            }
        }
        return victims;
    }

    /** Our mount points among an overlay's lower directories. containerd makes them relative where they would be too long. */
    private Set<Path> lowers(MountTable.Mount mount) {
        Set<Path> lowers = new LinkedHashSet<>();
        if (!mount.type().equals("overlay")) {
            return lowers;
        }
        for (String option : mount.superOptions().split(",", -1)) {
            String list = option.startsWith(LOWER_DIRECTORIES)
                    ? option.substring(LOWER_DIRECTORIES.length())
                    : option.startsWith(LOWER_DIRECTORY) ? option.substring(LOWER_DIRECTORY.length()) : "";
            for (String lower : list.split(":", -1)) {
                if (lower.matches("[0-9]+")) {
                    lowers.add(root.resolve(lower));
                } else if (lower.startsWith(root.getFileName() + "/")) {
                    lowers.add(root.resolveSibling(lower));
                } else if (lower.startsWith(root + "/")) {
                    lowers.add(Path.of(lower));
                }
            }
        }
        return lowers;
    }

    private void write() throws IOException {
        List<String> lines = new ArrayList<>(List.of(MAGIC, "boot " + boot.value()));
        mounts.forEach((place, earlier) -> lines.add(
                (earlier.tainted() ? "tainted " : "clean ") + earlier.layer().hex() + " " + place));
        Path unborn = file.resolveSibling(file.getFileName() + ".new");
        Files.write(unborn, lines, UTF_8);
        Files.move(unborn, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
