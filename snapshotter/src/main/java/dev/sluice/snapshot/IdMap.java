package dev.sluice.snapshot;

import static dev.sluice.snapshot.SnapshotException.invalidArgument;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which users and groups of the host those of a container are that has a user namespace of its own. Immutable.
 *
 * @param uids not empty
 * @param gids not empty
 */
record IdMap(List<Range> uids, List<Range> gids) {
    private static final Pattern RANGE = Pattern.compile("([0-9]{1,10}):([0-9]{1,10}):([0-9]{1,10})");

    /** The kernel's {@code (uid_t) -1} is nobody's. */
    private static final long INVALID_ID = 0xFFFF_FFFFL;

    IdMap {
        uids = List.copyOf(uids);
        gids = List.copyOf(gids);
    }

    /**
     * Successive IDs of a container, which are successive IDs of the host.
     *
     * @param container the first in the container
     * @param host the first on the host
     * @param count how many
     */
    record Range(long container, long host, long count) {
        @Override
        public String toString() {
            return container + ":" + host + ":" + count;
        }
    }

    /**
     * Reads the labels with which a client asks for a shifted file system: lists of {@code container:host:count}.
     *
     * @return empty if there are no such labels
     * @throws SnapshotException if only one is there, or one is malformed
     */
    static Optional<IdMap> of(Map<String, String> labels) throws SnapshotException {
        Optional<String> uids = Optional.ofNullable(labels.get(Labels.UID_MAPPING));
        Optional<String> gids = Optional.ofNullable(labels.get(Labels.GID_MAPPING));
        if (uids.isEmpty() && gids.isEmpty()) {
            return Optional.empty();
        }
        if (uids.isEmpty() || gids.isEmpty()) {
            throw invalidArgument(
                    "of the labels " + Labels.UID_MAPPING + " and " + Labels.GID_MAPPING + " one is missing");
        }
        return Optional.of(new IdMap(ranges(Labels.UID_MAPPING, uids.get()), ranges(Labels.GID_MAPPING, gids.get())));
    }

    /** The user of the host that is this user in the container; if that is none, the one that is the container's root. */
    int hostUid(int containerUid) {
        return host(uids, containerUid);
    }

    /** The same for a group. */
    int hostGid(int containerGid) {
        return host(gids, containerGid);
    }

    /** How containerd 2.0 and later is told to shift what a mount shows. */
    List<String> mountOptions() {
        return List.of("uidmap=" + text(uids), "gidmap=" + text(gids));
    }

    private static int host(List<Range> ranges, int containerId) {
        long id = Integer.toUnsignedLong(containerId);
        for (Range range : ranges) {
            if (id >= range.container() && id < range.container() + range.count()) {
                return (int) (range.host() + id - range.container());
            }
        }
        return containerId == 0 ? 0 : host(ranges, 0);
    }

    private static List<Range> ranges(String label, String value) throws SnapshotException {
        List<Range> ranges = new ArrayList<>();
        for (String text : value.split(",", -1)) {
            Matcher matcher = RANGE.matcher(text);
            if (!matcher.matches()) {
                throw invalidArgument("label " + label + " is no list of container:host:count: " + value);
            }
            Range range = new Range(
                    Long.parseLong(matcher.group(1)),
                    Long.parseLong(matcher.group(2)),
                    Long.parseLong(matcher.group(3)));
            if (range.count() == 0
                    || range.container() + range.count() > INVALID_ID
                    || range.host() + range.count() > INVALID_ID) {
                throw invalidArgument("label " + label + " names IDs that cannot be: " + value);
            }
            ranges.add(range);
        }
        if (ranges.stream().noneMatch(range -> range.container() == 0)) {
            throw invalidArgument("label " + label + " says nothing about the container's root: " + value);
        }
        return ranges;
    }

    private static String text(List<Range> ranges) {
        return String.join(",", ranges.stream().map(Range::toString).toList());
    }
}
