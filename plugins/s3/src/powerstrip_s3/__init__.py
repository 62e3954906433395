from powerstrip.adapter import Adapter
s3 = Adapter(id='s3', title='S3', base_url='https://example.com')
