#!/usr/bin/env python3
"""What the Python client dicomweb-client does: retrieve a study, write its instances.

usage: dicomweb_get.py ROOT STUDY OUT    instances go to OUT/0.dcm, OUT/1.dcm, ...
"""
import os
import sys

from dicomweb_client.api import DICOMwebClient

root, study, out = sys.argv[1:]
for number, dataset in enumerate(DICOMwebClient(url=root).iter_study(study)):
    dataset.save_as(os.path.join(out, "%d.dcm" % number))
