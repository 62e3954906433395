from powerstrip.adapter import Adapter
postmark = Adapter(id='postmark', title='Postmark', base_url='https://example.com')
