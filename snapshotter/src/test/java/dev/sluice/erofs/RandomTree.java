package dev.sluice.erofs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Trees of all kinds of entries that nobody thought of. */
final class RandomTree {
    private static final String[] XATTRS = {"trusted.a", "trusted.bb", "security.ccc", "trusted.overlay.opaque"};

    private final Random random;
    private final TestTree tree = new TestTree();
    private final List<String> directories = new ArrayList<>(List.of(""));
    private final List<String> others = new ArrayList<>();
    private final Set<String> paths = new HashSet<>(List.of(""));

    private RandomTree(Random random) {
        this.random = random;
        tree.directory("", attributes());
    }

    /** A tree of the root and at most so many other names. */
    static TestTree of(Random random, int names) {
        RandomTree tree = new RandomTree(random);
        for (int i = 0; i < names; i++) {
            tree.add();
        }
        return tree.tree;
    }

    private void add() {
        // The root and the first directories become the largest.
        String parent = directories.get((int) (directories.size() * Math.pow(random.nextDouble(), 3)));
        String path = (parent.isEmpty() ? "" : parent + "/") + name();
        if (path.length() > 1000 || !paths.add(path)) {
            return;
        }
        int kind = random.nextInt(20);
        if (kind < 3) {
            tree.directory(path, attributes());
            directories.add(path);
        } else if (kind < 5 && !others.isEmpty()) {
            tree.hardLink(path, others.get(random.nextInt(others.size())));
            others.add(path);
        } else {
            addInode(path, kind);
            others.add(path);
        }
    }

    private void addInode(String path, int kind) {
        switch (kind) {
            case 5, 6, 7 -> tree.symlink(path, attributes(), "t".repeat(1 + random.nextInt(4095)));
            case 8 ->
                tree.device(path, attributes(), random.nextBoolean(), random.nextInt(4096), random.nextInt(1 << 20));
            case 9 -> tree.fifo(path, attributes());
            case 10 -> tree.socket(path, attributes());
            default -> tree.file(path, attributes(), random.nextInt(3) == 0 ? 0 : random.nextInt(20_000));
        }
    }

    private String name() {
        int length = random.nextInt(10) == 0 ? 1 + random.nextInt(255) : 1 + random.nextInt(12);
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < length; i++) {
            char c = random.nextInt(5) == 0 ? (char) (1 + random.nextInt(255)) : (char) ('a' + random.nextInt(4));
            name.append(c == '/' || c == '.' ? '-' : c);
        }
        return name.toString();
    }

    private ErofsAttributes attributes() {
        Map<String, byte[]> xattrs = new HashMap<>();
        if (random.nextInt(4) == 0) {
            for (String name : XATTRS) {
                if (random.nextBoolean()) {
                    byte[] value = new byte[random.nextInt(3) == 0 ? random.nextInt(6000) : 3];
                    if (random.nextBoolean()) {
                        random.nextBytes(value);
                    }
                    xattrs.put(name, value);
                }
            }
        }
        boolean compact = random.nextBoolean();
        return TestTree.attributes(
                random.nextInt(010000),
                random.nextInt(65_536),
                random.nextInt(compact ? 65_536 : Integer.MAX_VALUE),
                compact ? 0 : random.nextLong() >> 30,
                compact ? 0 : random.nextInt(1_000_000_000),
                xattrs);
    }
}
