package dev.sluice.registry;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The list of referrers that registries without the API have under a tag ("referrers tag schema" of the distribution spec). Nothing
 * locks it: every change is looked at afterwards, and made again if somebody else has overwritten it. Safe for use by many threads.
 */
final class ReferrersTag {
    private static final int MAX_ALGORITHM = 32;
    private static final int MAX_ENCODED = 64;
    private static final int MAX_WRITES = 4;

    private final RegistryCaller caller;
    private final int maxBytes;
    private final ReentrantLock changing = new ReentrantLock();

    /** @param maxBytes of a list */
    ReferrersTag(RegistryCaller caller, int maxBytes) {
        this.caller = caller;
        this.maxBytes = maxBytes;
    }

    /** The tag of the list for a subject. */
    static ImageReference of(ImageReference repository, Digest subject) {
        String tag = cut(subject.algorithm(), MAX_ALGORITHM) + "-" + cut(subject.hex(), MAX_ENCODED);
        return new ImageReference(repository.host(), repository.repository(), Optional.of(tag), Optional.empty());
    }

    private static String cut(String text, int length) {
        return text.substring(0, Math.min(length, text.length()));
    }

    /** The referrers of a subject; none if there is no such list. */
    List<Descriptor> list(ImageReference repository, Digest subject, Deadline deadline) throws RegistryException {
        ImageReference reference = of(repository, subject);
        try {
            Fetched list = caller.call(reference.host(), new ManifestPull(reference, maxBytes), deadline);
            return parse(list, new Task("read the list of referrers " + reference, reference.host()))
                    .manifests();
        } catch (RegistryException.NotFound e) {
            return List.of();
        }
    }

    /** Enters a referrer into the list of its subject. */
    void add(ImageReference repository, Digest subject, Descriptor referrer, Deadline deadline)
            throws RegistryException {
        change(repository, subject, referrer.digest(), Optional.of(referrer), deadline);
    }

    /** Takes a referrer out of the list of its subject, if there is one. */
    void remove(ImageReference repository, Digest subject, Digest referrer, Deadline deadline)
            throws RegistryException {
        change(repository, subject, referrer, Optional.empty(), deadline);
    }

    /** @param wanted what the list is to say of the referrer */
    private void change(
            ImageReference repository, Digest subject, Digest referrer, Optional<Descriptor> wanted, Deadline deadline)
            throws RegistryException {
        ImageReference reference = of(repository, subject);
        Task task = new Task("change the list of referrers " + reference, "of", reference.host());
        changing.lock();
        try {
            for (int writes = 0; writes < MAX_WRITES; writes++) {
                Optional<Fetched> list = current(reference, deadline);
                List<Descriptor> referrers =
                        list.isPresent() ? parse(list.get(), task).manifests() : List.of();
                if (referrers.stream().anyMatch(known -> known.digest().equals(referrer)) == wanted.isPresent()) {
                    return;
                }
                byte[] changed = changed(list, referrer, wanted, task);
                var unused = caller.call(
                        reference.host(), new ManifestPut(reference, MediaTypes.OCI_INDEX, changed), deadline);
            }
            throw task.unavailable("others keep changing it");
        } finally {
            changing.unlock();
        }
    }

    private Optional<Fetched> current(ImageReference reference, Deadline deadline) throws RegistryException {
        try {
            return Optional.of(caller.call(
                    reference.host(), new OfRegistryItself<>(new ManifestPull(reference, maxBytes)), deadline));
        } catch (RegistryException.NotFound e) {
            return Optional.empty();
        }
    }

    private static ImageIndex parse(Fetched list, Task task) throws RegistryException {
        try {
            return ImageIndex.parse(list.content(), list.descriptor().mediaType());
        } catch (InvalidManifestException e) {
            throw task.protocol("the tag holds something else: " + e.getMessage(), e);
        }
    }

    /** What others have entered stays as it is, to the last field. */
    private byte[] changed(Optional<Fetched> list, Digest referrer, Optional<Descriptor> wanted, Task task)
            throws RegistryException {
        ObjectNode root = list.flatMap(known -> Json.object(known.content()))
                .map(ObjectNode.class::cast)
                .orElseGet(JsonNodeFactory.instance::objectNode);
        ArrayNode manifests = root.withArray("manifests");
        for (int i = manifests.size() - 1; i >= 0; i--) {
            if (manifests.path(i).path("digest").asText().equals(referrer.toString())) {
                manifests.remove(i);
            }
        }
        wanted.ifPresent(descriptor -> manifests.add(ManifestWriter.descriptor(descriptor)));
        root.put("schemaVersion", 2).put("mediaType", MediaTypes.OCI_INDEX);
        byte[] json = ManifestWriter.json(root);
        if (json.length > maxBytes) {
            throw task.protocol("it would have " + json.length + " bytes, more than " + maxBytes);
        }
        return json;
    }
}
