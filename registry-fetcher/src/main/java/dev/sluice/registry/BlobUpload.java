package dev.sluice.registry;

import okhttp3.HttpUrl;

/**
 * Puts blobs into repositories: looks whether it is there, asks where it may go, and sends it whole. What breaks off is begun anew,
 * for nobody knows how much of it arrived. Safe for use by many threads.
 */
final class BlobUpload {
    private final RegistryCaller caller;
    private final Endpoints endpoints;

    BlobUpload(RegistryCaller caller, Endpoints endpoints) {
        this.caller = caller;
        this.endpoints = endpoints;
    }

    void push(ImageReference repository, Descriptor blob, BlobContent content, Deadline deadline)
            throws RegistryException {
        UploadStart start = new UploadStart(repository, blob.digest(), endpoints::allows);
        if (content.size() != blob.size()) {
            throw Task.of(start, repository.host())
                    .protocol("it has " + content.size() + " bytes, its descriptor says " + blob.size());
        }
        for (int failures = 1; !exists(repository, blob, deadline); failures++) {
            HttpUrl location = caller.call(repository.host(), start, deadline);
            UploadPut put = new UploadPut(repository, blob.digest(), content, location);
            try {
                caller.call(repository.host(), put, deadline);
                return;
            } catch (RegistryException.Unavailable e) {
                caller.pause(failures, e, put, repository.host(), deadline);
            }
        }
    }

    /** What a registry says against being asked does not matter: whether it takes the blob is what counts. */
    private boolean exists(ImageReference repository, Descriptor blob, Deadline deadline) throws RegistryException {
        try {
            return caller.call(repository.host(), new BlobHead(repository, blob.digest()), deadline);
        } catch (RegistryException.Unavailable e) {
            throw e;
        } catch (RegistryException e) {
            return false;
        }
    }
}
