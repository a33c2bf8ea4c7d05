package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.fuzz.Require;
import java.util.List;

/**
 * Fuzzes image indexes and lists of referrers: what is read is the same when it is written and read again, and each machine is offered what it
 * runs, the best first.
 */
public final class ImageIndexFuzz {
    private static final List<Platform> MACHINES = List.of(
            Platform.parse("linux/amd64/v3"),
            Platform.parse("linux/arm64/v9"),
            Platform.parse("linux/arm/v7"),
            Platform.parse("windows/amd64"));

    private ImageIndexFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        try {
            ImageIndex index = ImageIndex.parse(data, ManifestParser.mediaTypeOf(data));
            requireSameWhenWritten(index);
            MACHINES.forEach(machine -> requireBestFirst(machine, index));
        } catch (InvalidManifestException e) {
            String unused = requireNonNull(e.getMessage());
        }
    }

    private static void requireSameWhenWritten(ImageIndex index) {
        ObjectNode root = JsonNodeFactory.instance.objectNode().put("schemaVersion", 2);
        var manifests = root.putArray("manifests");
        index.manifests().forEach(manifest -> manifests.add(ManifestWriter.descriptor(manifest)));
        try {
            List<Descriptor> again = ImageIndex.parse(ManifestWriter.json(root), MediaTypes.OCI_INDEX)
                    .manifests();
            Require.equal(index.manifests(), again, "what was written is another list");
        } catch (InvalidManifestException e) {
            throw new AssertionError("what was written cannot be read", e);
        }
    }

    private static void requireBestFirst(Platform machine, ImageIndex index) {
        List<Descriptor> candidates = index.candidates(machine);
        Require.that(index.manifests().containsAll(candidates), "a candidate that is not in the index");
        int before = 0;
        for (Descriptor candidate : candidates) {
            int preference = candidate
                    .platform()
                    .map(platform -> machine.preference(platform).orElseThrow())
                    .orElse(Integer.MAX_VALUE);
            Require.that(preference >= before, "the best does not come first");
            before = preference;
        }
    }
}
